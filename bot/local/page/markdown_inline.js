/**
 * Discord's inline markdown: emphasis, code, spoilers, links and mentions. Everything becomes elements and
 * text nodes; only http and https addresses become links.
 */

import { shownName } from "./command_index.js";
import { cssColor, h } from "./dom.js";
import { emit, store } from "./store.js";
import { t } from "./texts.js";
import { timestamp } from "./timestamps.js";

/** Deeper nesting than a person writes is shown as it stands. */
const DEEPEST = 8;
const SPECIAL = /[\\`*_~|<[@h]/gu;

/** Each rule: a sticky pattern and a function from its match to a node; null means "not this one". */
const RULES = [
  [/\\([^\sA-Za-z0-9])/uy, (m) => m[1]],
  [/(`+)([^]*?[^`])\1(?!`)/uy, (m) => h("code", {}, m[2].replace(/^ (?=`)|(?<=`) $/gu, ""))],
  [/<@!?(\d+)>/uy, (m) => userMention(m[1])],
  [/<@&(\d+)>/uy, (m) => roleMention(m[1])],
  [/<#(\d+)>/uy, (m) => channelMention(m[1])],
  [/<\/([-\p{L}\p{N}_ ]{1,100}):(\d+)>/uy, (m) => commandMention(m[1])],
  [/<t:(-?\d{1,13})(?::([tTdDfFR]))?>/uy, (m) => timestamp(Number(m[1]), m[2])],
  [/<a?:(\w{2,32}):\d+>/uy, (m) => `:${m[1]}:`],
  [/<(https?:\/\/[^\s<>]+)>/uy, (m) => link(m[1], m[1])],
  [/@(?:everyone|here)\b/uy, (m) => h("span", { class: "mention" }, m[0])],
  [/\[((?:\\.|[^\\\]\n]){1,500})\]\(<?(https?:\/\/[^\s<>)]+)>?(?:\s+"[^"\n]*")?\)/uy, (m, depth) => link(m[2], inline(m[1], depth))],
  [/https?:\/\/[^\s<>]*[^\s<>.,:;"')\]!?*_~|]/uy, (m) => link(m[0], m[0])],
  [/\*\*([^]+?)\*\*(?!\*)/uy, (m, depth) => h("strong", {}, inline(m[1], depth))],
  [/__([^]+?)__(?!_)/uy, (m, depth) => h("u", {}, inline(m[1], depth))],
  [/\*(?=\S)((?:\*\*|[^*])+?)\*(?!\*)/uy, (m, depth) => h("em", {}, inline(m[1], depth))],
  [/(?<![\p{L}\p{N}])_((?:__|[^_])+?)_(?![\p{L}\p{N}_])/uy, (m, depth) => h("em", {}, inline(m[1], depth))],
  [/~~([^]+?)~~/uy, (m, depth) => h("s", {}, inline(m[1], depth))],
  [/\|\|([^]+?)\|\|/uy, (m, depth) => spoiler(inline(m[1], depth))],
];

/**
 * Parses one run of text.
 * @param {string} text
 * @param {number} [depth] nesting so far
 * @returns {Array<Node|string>}
 */
export function inline(text, depth = 0) {
  if (depth >= DEEPEST) return [text];
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text)?.index ?? text.length;
    plain += text.slice(at, next);
    at = next;
    if (at >= text.length) break;
    const [node, length] = apply(text, at, depth);
    if (typeof node === "string") plain += node;
    else {
      if (plain) nodes.push(plain);
      plain = "";
      nodes.push(node);
    }
    at += length;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function apply(text, at, depth) {
  for (const [pattern, build] of RULES) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return [build(match, depth + 1), match[0].length];
  }
  return [text[at], 1];
}

function link(url, content) {
  let target;
  try {
    target = new URL(url);
  } catch {
    return String(url);
  }
  return h("a", { href: target.href, target: "_blank", rel: "noopener noreferrer", title: target.href }, content);
}

function userMention(id) {
  const name = store.members.get(id)?.name ?? t("unknownUser");
  return h("span", { class: id === store.me?.id ? "mention mention-me" : "mention" }, `@${name}`);
}

function roleMention(id) {
  const role = store.roles.get(id);
  const element = h("span", { class: "mention" }, `@${role?.name ?? t("unknownRole")}`);
  const color = cssColor(role?.color);
  if (color) element.style.color = color;
  return element;
}

function channelMention(id) {
  const channel = store.channels.get(id);
  if (!channel) return h("span", { class: "mention" }, `#${t("unknownChannel")}`);
  return h("button", { type: "button", class: "mention", on: { click: () => emit("open-channel", id) } }, `#${channel.name}`);
}

function commandMention(name) {
  return h("button", { type: "button", class: "mention", on: { click: () => emit("open-command", name) } }, `/${shownName(name)}`);
}

/** Hidden text that a click or Enter shows. */
function spoiler(content) {
  const hidden = h("span", { class: "spoiler-text" }, content);
  hidden.inert = true;
  const element = h("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": t("showSpoiler") }, hidden);
  const show = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    hidden.inert = false;
    element.classList.add("shown");
    for (const name of ["role", "tabindex", "aria-label"]) element.removeAttribute(name);
    element.removeEventListener("click", show);
    element.removeEventListener("keydown", show);
  };
  element.addEventListener("click", show);
  element.addEventListener("keydown", show);
  return element;
}
