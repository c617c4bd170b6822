/** One message. Parts whose data did not change keep their elements, so players and open menus survive edits. */

import { attachmentList, mediaUrl } from "./attachments.js";
import { shownName } from "./command_index.js";
import { componentList } from "./components.js";
import { avatar, h, icon, iconButton } from "./dom.js";
import { embedView, shownInEmbeds } from "./embed.js";
import { markdown, plainText } from "./markdown.js";
import { contextMenu, menuButton } from "./message_menu.js";
import { pickerButton, reactionRow } from "./reactions.js";
import { FLAG, author, channelOf, emit, referenced, removeMessage, store } from "./store.js";
import { t, tNodes } from "./texts.js";
import { clock, dayName, messageTime } from "./timestamps.js";

/** Message types of Discord that are not text. */
const TYPE = { PIN: 6, JOIN: 7, THREAD: 18, REPLY: 19, STARTER: 21 };

export class MessageView {
  constructor(message) {
    this.element = h("li", { class: "message", data: { id: message.id } });
    this.parts = new Map();
    this.error = h("p", { class: "message-error", role: "alert" });
    this.showError = (text) => { this.error.textContent = text; };
    this.element.addEventListener("contextmenu", (event) => contextMenu(event, this.message, this.element.querySelector(".message-tools [aria-haspopup]"), this.showError));
    this.update(message);
  }

  /** Keeps the node of a part while its data stays the same. */
  part(name, data, build) {
    const key = JSON.stringify(data ?? null);
    const kept = this.parts.get(name);
    if (kept?.key === key) return kept.node;
    const node = build();
    this.parts.set(name, { key, node });
    return node;
  }

  /** Shows the new state of the message; focus and player positions stay where they were. */
  update(message) {
    if (this.message === message) return;
    this.message = message;
    const focused = this.element.contains(document.activeElement) ? focusMark(document.activeElement) : null;
    const { flags = 0 } = message;
    const classes = { ephemeral: flags & FLAG.EPHEMERAL, mentioned: mentionsMe(message), local: message.local };
    for (const [name, present] of Object.entries(classes)) this.element.classList.toggle(name, Boolean(present));
    const system = systemText(message);
    this.element.replaceChildren(
      this.part("day", message.timestamp, () => h("div", { class: "day-divider", role: "separator" }, h("span", {}, dayName(message.timestamp)))),
      system ? this.part("system", message, () => systemView(message, system)) : this.article(shownAs(message)));
    if (focused) this.element.querySelector(focused)?.focus();
  }

  article(message) {
    const who = author(message.author);
    const { showError } = this;
    const shown = shownInEmbeds(message);
    const files = (message.attachments ?? []).filter((file) => !shown.has(mediaUrl(file.url)) && !(message.flags & FLAG.COMPONENTS_V2));
    const body = h("div", { class: "message-body" },
      this.part("head", [who, message.timestamp, message.author?.bot], () => head(message, who)),
      this.part("content", [message.content, message.edited_timestamp, message.flags & FLAG.LOADING, message.local, message.failed], () => content(message, who)),
      message.embeds?.length ? this.part("embeds", [message.embeds, message.attachments], () => h("div", { class: "embeds" }, message.embeds.map((embed) => embedView(embed, message.attachments ?? [])))) : "",
      files.length ? this.part("files", files, () => attachmentList(files)) : "",
      message.components?.length ? this.part("components", message.components, () => componentList(message.components, message, showError)) : "",
      this.error,
      message.reactions?.length ? this.part("reactions", message.reactions, () => reactionRow(message, showError)) : "",
      message.thread ? this.part("thread", message.thread, () => threadCard(message.thread)) : "",
      message.flags & FLAG.EPHEMERAL && !(message.local === "sending") ? this.part("private", message.id, () => privateNote(message)) : "");
    const line = this.part("context", [message.interaction_metadata, message.interaction, message.referenced_message?.content, message.type, Boolean(referenced(message))], () => contextLine(message));
    const without = message.local || message.starter || message.flags & (FLAG.EPHEMERAL | FLAG.LOADING);
    const tools = without ? "" : this.part("tools", [message.id, message.content, store.commands.length, channelOf(message)?.can_write], () => toolbar(message, showError));
    return h("article", { "aria-label": `${who.name}, ${messageTime(message.timestamp)}` }, line ?? "",
      h("div", { class: "message-row" },
        h("div", { class: "gutter" }, this.part("avatar", who, () => avatar(who.name, who.color)), h("time", { class: "gutter-time", "aria-hidden": "true" }, clock(message.timestamp))), body), tools);
  }
}

/** What hovers at a message's edge: reaction, answer, menu. */
function toolbar(message, showError) {
  const answer = channelOf(message)?.can_write ? iconButton("reply", t("reply"), () => emit("reply", message)) : null;
  return h("div", { class: "message-tools" }, pickerButton(message, showError, "icon-button"), answer, menuButton(message, showError));
}

/** The first message of a thread stands for the one that the thread hangs on. */
function shownAs(message) {
  const begun = message.type === TYPE.STARTER ? message.referenced_message : null;
  return begun ? { ...begun, id: message.id, channel_id: message.channel_id, components: [], reactions: [], thread: null, starter: true } : message;
}

/** A selector that finds the focused control again after its part was rebuilt. */
function focusMark(element) {
  const customId = element.closest("[data-custom-id]")?.dataset.customId;
  const emoji = element.dataset.emoji;
  if (customId) return `[data-custom-id="${CSS.escape(customId)}"]:is(button), [data-custom-id="${CSS.escape(customId)}"] button`;
  return emoji ? `[data-emoji="${CSS.escape(emoji)}"]` : null;
}

/** Whether a message follows the one before it closely enough to share its head. */
export function isGrouped(message, before) {
  if (!before || systemText(message) || systemText(before) || hasContext(message)) return false;
  if ([message.type, before.type].includes(TYPE.STARTER)) return false;
  if (String(message.author?.id) !== String(before.author?.id)) return false;
  if (Boolean(message.flags & FLAG.EPHEMERAL) !== Boolean(before.flags & FLAG.EPHEMERAL)) return false;
  return new Date(message.timestamp) - new Date(before.timestamp) < 7 * 60_000;
}

export function isNewDay(message, before) {
  return !before || new Date(message.timestamp).toDateString() !== new Date(before.timestamp).toDateString();
}

function hasContext(message) {
  return Boolean(commandOf(message) || message.type === TYPE.REPLY);
}

function commandOf(message) {
  const meta = message.interaction_metadata;
  const name = meta?.name ?? message.interaction?.name;
  const user = meta?.user ?? message.interaction?.user;
  // Commands of a context menu bear no slash.
  const slash = (meta?.command_type ?? 1) === 1 ? "/" : "";
  return name && user ? { name: `${slash}${shownName(name)}`, user } : null;
}

function mentionsMe(message) {
  return !message.local && (message.mentions ?? []).some((user) => String(user.id) === store.me?.id);
}

/** The line above: who used which command, or what is replied to. */
function contextLine(message) {
  const command = commandOf(message);
  if (command) {
    const user = author(command.user);
    return h("div", { class: "context" }, h("span", { class: "context-hook" }), avatar(user.name, user.color, "tiny"),
      h("span", {}, tNodes("used", { user: named(user), command: h("span", { class: "context-command" }, command.name) })));
  }
  if (message.type !== TYPE.REPLY) return null;
  const other = referenced(message);
  if (!other) return h("div", { class: "context" }, h("span", { class: "context-hook" }), icon("reply"), h("em", {}, t("originalDeleted")));
  const user = author(other.author);
  const jump = { type: "button", class: "context-jump", title: t("jumpTo"), on: { click: () => emit("jump-to", String(other.id)) } };
  return h("div", { class: "context" }, h("span", { class: "context-hook" }), avatar(user.name, user.color, "tiny"),
    h("button", jump, named(user), h("span", { class: "context-text" }, plainText(other.content) || t("attachmentsOnly"))));
}

function named(user) {
  const element = h("span", { class: "author" }, user.name);
  element.style.color = readable(user.color);
  return element;
}

/** Dark name colours are lightened, because names stand on a dark ground. */
function readable(color) {
  return `color-mix(in oklab, ${color} 62%, #fff)`;
}

function head(message, who) {
  const isBot = Boolean(message.author?.bot ?? who.bot);
  return h("div", { class: "message-head" }, named(who), isBot ? h("span", { class: "app-tag" }, t("appTag")) : null,
    h("time", { datetime: message.timestamp }, messageTime(message.timestamp)));
}

function content(message, who) {
  if (message.local === "sending") return h("div", { class: "thinking" }, t("sending"));
  if (message.failed) return h("div", { class: "failed" }, icon("warn"), message.failed);
  if (message.flags & FLAG.LOADING) return h("div", { class: "thinking" }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), t("thinks", { bot: who.name }));
  const nodes = markdown(message.content);
  if (message.edited_timestamp && message.content) nodes.push(h("span", { class: "edited" }, ` ${t("edited")}`));
  const emojiOnly = /^(?:\p{Extended_Pictographic}\uFE0F?\s*){1,6}$/u.test(message.content ?? "");
  return h("div", { class: emojiOnly ? "markdown content jumbo" : "markdown content" }, nodes);
}

function privateNote(message) {
  const dismiss = h("button", { type: "button", class: "text-button", on: { click: () => removeMessage(String(message.channel_id), message.id) } }, t("dismiss"));
  return h("div", { class: "private-note" }, icon("eye"), t("onlyYou"), " · ", dismiss);
}

function threadCard(thread) {
  return h("button", { type: "button", class: "thread-card", on: { click: () => emit("open-channel", String(thread.id)) } },
    icon("thread"), h("strong", {}, thread.name), thread.message_count ? h("span", {}, t("threadMessages", { count: thread.message_count })) : null, h("span", { class: "thread-open" }, t("openThread")));
}

function systemText(message) {
  if (message.type === TYPE.STARTER) return message.referenced_message ? undefined : "originalDeleted";
  return { [TYPE.PIN]: "pinned", [TYPE.JOIN]: "joined", [TYPE.THREAD]: "startedThread" }[message.type];
}

function systemView(message, key) {
  const link = message.type === TYPE.THREAD
    ? h("button", { type: "button", class: "text-button", on: { click: () => emit("open-channel", String(message.message_reference?.channel_id ?? message.thread?.id)) } }, message.content) : "";
  return h("div", { class: "system" }, icon(message.type === TYPE.THREAD ? "thread" : "next"), h("div", {}, tNodes(key, { user: named(author(message.author)) }), link, " ", h("time", {}, messageTime(message.timestamp))));
}

/** What a screen reader hears of a new message. */
export function spoken(message) {
  const who = author(message.author).name;
  if (message.flags & FLAG.LOADING) return t("thinks", { bot: who });
  const parts = [plainText(message.content), ...(message.embeds ?? []).flatMap((embed) => [embed.title, embed.description]), ...(message.attachments ?? []).map((file) => file.description || file.filename)];
  return `${who}: ${parts.filter(Boolean).join(". ")}`.slice(0, 400);
}
