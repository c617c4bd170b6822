/** Embeds: the framed cards that bots post. */

import { mediaUrl } from "./attachments.js";
import { cssColor, h } from "./dom.js";
import { openLightbox } from "./lightbox.js";
import { inline } from "./markdown_inline.js";
import { markdown } from "./markdown.js";
import { t } from "./texts.js";
import { messageTime } from "./timestamps.js";

/**
 * @param {object} embed Discord's embed object
 * @param {Array<object>} attachments files of the message, for `attachment://` addresses
 */
export function embedView(embed, attachments) {
  const card = h("article", { class: "embed" });
  card.style.borderInlineStartColor = cssColor(embed.color) ?? "#1e1f22";
  const text = h("div", { class: "embed-text" },
    named(embed.author, "embed-author", attachments),
    embed.title && h("div", { class: "embed-title" }, linked(embed.url, inline(embed.title))),
    embed.description && h("div", { class: "embed-description markdown" }, markdown(embed.description)),
    embed.fields?.length ? fields(embed.fields) : null);
  const thumbnail = picture(embed.thumbnail, "embed-thumbnail", embed.title, attachments);
  card.append(h("div", { class: "embed-top" }, text, thumbnail));
  const image = picture(embed.image, "embed-image", embed.title, attachments);
  if (image) card.append(image);
  const foot = footer(embed, attachments);
  if (foot) card.append(foot);
  return card;
}

function linked(url, content) {
  return /^https?:/iu.test(url ?? "") ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, content) : content;
}

function named(author, className, attachments) {
  if (!author?.name) return null;
  const src = mediaUrl(author.icon_url, attachments);
  return h("div", { class: className }, src && h("img", { src, alt: "", class: "embed-icon" }), linked(author.url, author.name));
}

/** Up to three inline fields share a row, as on Discord. */
function fields(list) {
  const grid = h("div", { class: "embed-fields" });
  let row = [];
  const flush = () => {
    for (const cell of row) cell.classList.add(`of-${row.length}`);
    row = [];
  };
  for (const field of list) {
    const cell = h("div", { class: "embed-field" },
      h("div", { class: "embed-field-name" }, inline(field.name)),
      h("div", { class: "markdown" }, markdown(field.value)));
    grid.append(cell);
    if (!field.inline) flush();
    else {
      row.push(cell);
      if (row.length === 3) flush();
    }
  }
  flush();
  return grid;
}

function picture(media, className, alt, attachments) {
  const src = mediaUrl(media?.url, attachments);
  if (!src) return null;
  const name = media.description || attachments.find((file) => mediaUrl(file.url) === src)?.description || alt || t("image");
  const image = h("img", { src, alt: name, loading: "lazy" });
  if (media.width && media.height) {
    image.width = media.width;
    image.height = media.height;
  }
  return h("button", { type: "button", class: `image-button ${className}`, "aria-label": `${name} – ${t("openImage")}`, on: { click: () => openLightbox([{ src, alt: name }]) } }, image);
}

function footer(embed, attachments) {
  const text = [embed.footer?.text, embed.timestamp && messageTime(embed.timestamp)].filter(Boolean).join(" • ");
  return text ? named({ name: text, icon_url: embed.footer?.icon_url }, "embed-footer", attachments) : null;
}

/** Files that an embed shows are not shown a second time below it. */
export function shownInEmbeds(message) {
  const used = new Set();
  for (const embed of message.embeds ?? []) {
    for (const part of [embed.image, embed.thumbnail]) {
      const src = mediaUrl(part?.url, message.attachments);
      if (src) used.add(src);
    }
  }
  return used;
}
