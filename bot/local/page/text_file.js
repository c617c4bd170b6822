/** A text file as a card: its beginning to read right here, the whole of it to open or to save. */

import { h } from "./dom.js";
import { t } from "./texts.js";

/** So many bytes are read for the preview. */
const PREVIEW_BYTES = 50_000;
/** So many lines or characters are shown before one asks for more. */
const FIRST_LINES = 8;
const FIRST_CHARACTERS = 480;

export function isText(attachment) {
  return (attachment.content_type ?? "").startsWith("text/") || /\.(?:txt|md|srt|vtt|csv|log)$/iu.test(attachment.filename ?? "");
}

/** @param {object} attachment @param {string} url @param {HTMLElement} head name, size and the way to save it */
export function textCard(attachment, url, head) {
  const text = h("pre", { class: "text-preview", tabindex: "0", role: "region", "aria-label": t("previewOf", { name: attachment.filename }) });
  const note = h("p", { class: "text-note" });
  const card = h("div", { class: "file-card text-card" }, head, text, note);
  read(url, attachment.size)
    .then((content) => show(card, text, note, content, attachment.size > PREVIEW_BYTES))
    .catch(() => {
      text.remove();
      note.textContent = t("previewFailed");
    });
  return card;
}

async function read(url, size) {
  const headers = size > PREVIEW_BYTES ? { Range: `bytes=0-${PREVIEW_BYTES - 1}` } : {};
  const response = await fetch(url, { headers, credentials: "same-origin" });
  if (!response.ok) throw new Error(String(response.status));
  // A letter that the limit cut in two is left out.
  return new TextDecoder().decode(await response.arrayBuffer()).replace(/\uFFFD$/u, "");
}

function show(card, text, note, content, cut) {
  const first = content.split("\n", FIRST_LINES).join("\n").slice(0, FIRST_CHARACTERS);
  text.textContent = first;
  if (first.trimEnd() === content.trimEnd()) {
    note.textContent = cut ? t("previewCut") : "";
    return;
  }
  card.classList.add("more");
  const toggle = h("button", { type: "button", class: "text-button", "aria-expanded": "false" }, t("showAll"));
  toggle.addEventListener("click", () => {
    const open = card.classList.toggle("open");
    text.textContent = open ? content : first;
    toggle.textContent = t(open ? "showLess" : "showAll");
    toggle.setAttribute("aria-expanded", String(open));
    note.textContent = open && cut ? t("previewCut") : "";
    if (!open) text.scrollTop = 0;
  });
  text.after(toggle);
}
