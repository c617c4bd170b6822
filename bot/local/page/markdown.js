/** Discord's block markdown: code blocks, headings, quotes, lists, small print; inline text inside. */

import { h } from "./dom.js";
import { inline } from "./markdown_inline.js";

const FENCE = /```(?:([\w+#.-]{1,20})\n)?([^]*?)```/u;
const HEADING = /^(#{1,3})\s+(\S.*)$/u;
const SMALL = /^-#\s+(\S.*)$/u;
const QUOTE = /^> ?(.*)$/u;
const ITEM = /^(\s*)([-*]|\d{1,9}\.)\s+(\S.*)$/u;

/**
 * Renders a message text.
 * @param {string} text
 * @returns {Array<Node|string>} nodes to append
 */
export function markdown(text) {
  const nodes = [];
  let rest = text ?? "";
  while (rest) {
    const fence = FENCE.exec(rest);
    // ">>> " swallows all that follows, code blocks included.
    const quote = /(?:^|\n)>>> ([^]*)$/u.exec(rest);
    if (quote && (!fence || quote.index < fence.index)) {
      nodes.push(...lines(rest.slice(0, quote.index)), h("blockquote", {}, markdown(quote[1])));
      return nodes;
    }
    if (!fence) {
      nodes.push(...lines(rest));
      return nodes;
    }
    nodes.push(...lines(rest.slice(0, fence.index).replace(/\n$/u, "")));
    nodes.push(h("pre", {}, h("code", fence[1] ? { "data-language": fence[1] } : {}, fence[2].replace(/^\n|\n$/gu, ""))));
    rest = rest.slice(fence.index + fence[0].length).replace(/^\n/u, "");
  }
  return nodes;
}

/** Text without code blocks, line by line; neighbouring lines of one kind belong together. */
function lines(text) {
  const nodes = [];
  if (!text) return nodes;
  const all = text.split("\n");
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) nodes.push(...inline(paragraph.join("\n")));
    paragraph = [];
  };
  for (let at = 0; at < all.length; ) {
    const block = heading(all, at) ?? quote(all, at) ?? list(all, at);
    if (!block) {
      paragraph.push(all[at]);
      at += 1;
      continue;
    }
    flush();
    nodes.push(block.node);
    at += block.used;
  }
  flush();
  return nodes;
}

function heading(all, at) {
  const big = HEADING.exec(all[at]);
  // h3 to h5: the page's own headings come first in the outline.
  if (big) return { node: h(`h${big[1].length + 2}`, {}, inline(big[2])), used: 1 };
  const small = SMALL.exec(all[at]);
  return small ? { node: h("small", { class: "small-print" }, inline(small[1])), used: 1 } : null;
}

function quote(all, at) {
  const inner = [];
  while (at + inner.length < all.length) {
    const match = QUOTE.exec(all[at + inner.length]);
    if (!match) break;
    inner.push(match[1]);
  }
  return inner.length ? { node: h("blockquote", {}, lines(inner.join("\n"))), used: inner.length } : null;
}

function list(all, at) {
  const items = [];
  while (at + items.length < all.length) {
    const match = ITEM.exec(all[at + items.length]);
    if (!match) break;
    items.push({ indent: match[1].length, ordered: /\d/u.test(match[2]), start: parseInt(match[2], 10), text: match[3] });
  }
  return items.length ? { node: nest(items), used: items.length } : null;
}

/** Items with more indent than the first belong into the item before them. */
function nest(items) {
  const top = items[0];
  const element = top.ordered ? h("ol", { start: top.start }) : h("ul");
  for (let at = 0; at < items.length; ) {
    const item = h("li", {}, inline(items[at].text));
    let end = at + 1;
    while (end < items.length && items[end].indent > top.indent) end += 1;
    if (end > at + 1) item.append(nest(items.slice(at + 1, end)));
    element.append(item);
    at = end;
  }
  return element;
}

/** The text without marks, for replies, the screen reader and file names. */
export function plainText(text) {
  const holder = document.createElement("div");
  holder.append(...markdown(text));
  for (const hidden of holder.querySelectorAll(".spoiler-text")) hidden.textContent = "…";
  return holder.textContent.trim();
}
