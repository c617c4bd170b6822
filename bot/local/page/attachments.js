/** Files of a message: picture grids, players for sound and video, cards for everything else. */

import { h, icon } from "./dom.js";
import { openLightbox } from "./lightbox.js";
import { isText, textCard } from "./text_file.js";
import { fileSize, t } from "./texts.js";
import { isVoice, measured, voiceHead } from "./voice_message.js";

const BY_ENDING = {
  image: /\.(png|jpe?g|gif|webp|avif|bmp)$/iu,
  audio: /\.(mp3|wav|ogg|oga|opus|flac|m4a|aac)$/iu,
  video: /\.(mp4|webm|mov|m4v|ogv)$/iu,
};

/** image, audio, video or file. */
export function kindOf(attachment) {
  // Browsers play no MIDI, though its type begins with "audio".
  if (/\.midi?$/iu.test(attachment.filename ?? "")) return "file";
  const type = (attachment.content_type ?? "").split("/")[0];
  if (type in BY_ENDING) return type;
  return Object.keys(BY_ENDING).find((kind) => BY_ENDING[kind].test(attachment.filename ?? "")) ?? "file";
}

/**
 * Files of the class server are fetched by path alone, so that they load under whichever name of this
 * machine the page was opened; `attachment://name` means a file of the same message.
 */
export function mediaUrl(url, attachments = []) {
  if (!url) return null;
  if (url.startsWith("attachment://")) return mediaUrl(attachments.find((file) => file.filename === url.slice(13))?.url);
  const parsed = new URL(url, window.location.href);
  if (parsed.pathname.startsWith("/attachments/")) return parsed.pathname + parsed.search;
  return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : null;
}

/** Everything attached to one message, in Discord's order: pictures and videos first. */
export function attachmentList(attachments) {
  const pictures = attachments.filter((file) => kindOf(file) === "image");
  const others = attachments.filter((file) => kindOf(file) !== "image");
  return h("div", { class: "attachments" }, pictures.length ? imageGrid(pictures) : null, others.map(fileView));
}

/** One picture at its own shape, several as a grid of squares. */
export function imageGrid(pictures) {
  const shown = pictures.map((file) => ({ src: mediaUrl(file.url), alt: file.description || file.filename || t("image"), name: file.filename }));
  const grid = h("div", { class: "image-grid", data: { count: String(Math.min(pictures.length, 5)) } });
  pictures.forEach((file, index) => {
    const image = h("img", { src: shown[index].src, alt: shown[index].alt, loading: "lazy", decoding: "async" });
    if (file.width && file.height) {
      image.width = file.width;
      image.height = file.height;
    }
    const button = h("button", {
      type: "button", class: "image-button", title: file.description || null,
      "aria-label": `${shown[index].alt} – ${t("openImage")}`,
      on: { click: () => openLightbox(shown, index) },
    }, image);
    grid.append(isSpoiler(file) ? covered(button) : button);
  });
  return grid;
}

function isSpoiler(file) {
  return file.filename?.startsWith("SPOILER_") || file.spoiler === true;
}

/** A picture behind a veil until somebody wants to see it. */
export function covered(inner) {
  inner.inert = true;
  const veil = h("button", { type: "button", class: "veil" }, t("spoiler"));
  const box = h("div", { class: "covered" }, inner, veil);
  veil.addEventListener("click", () => {
    inner.inert = false;
    veil.remove();
    box.classList.add("shown");
    inner.focus();
  });
  return box;
}

function fileView(file) {
  const kind = kindOf(file);
  if (kind === "video") return videoView(file);
  if (kind === "audio") return h("div", { class: "audio-card" }, isVoice(file) ? voiceHead(file) : fileHead(file), player(file));
  if (isText(file)) return textCard(file, mediaUrl(file.url), fileHead(file));
  return h("div", { class: "file-card" }, fileHead(file));
}

function player(file) {
  const label = isVoice(file) ? t("voiceMessage") : file.description || file.filename;
  return measured(h("audio", { controls: true, preload: "metadata", src: mediaUrl(file.url), "aria-label": label, on: { play: playAlone } }));
}

/** Takes are compared one after another: what else is playing stops. */
function playAlone(event) {
  for (const other of document.querySelectorAll("audio")) {
    if (other !== event.currentTarget) other.pause();
  }
}

function videoView(file) {
  const video = h("video", { controls: true, preload: "metadata", playsinline: true, src: mediaUrl(file.url), "aria-label": file.description || file.filename });
  if (file.width && file.height) {
    video.width = file.width;
    video.height = file.height;
  }
  return h("div", { class: "video-box" }, video);
}

/** A long name loses its middle: its ending says what it is. */
function nameParts(name) {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? [h("span", { class: "file-stem" }, name.slice(0, dot)), h("span", {}, name.slice(dot))] : [h("span", { class: "file-stem" }, name)];
}

function fileHead(file) {
  return h("div", { class: "file-head" },
    icon("file", "file-icon"),
    h("div", { class: "file-text" },
      h("a", { class: "file-name", href: mediaUrl(file.url), target: "_blank", rel: "noopener", title: file.filename }, nameParts(file.title || file.filename)),
      h("div", { class: "file-size" }, fileSize(file.size))),
    h("a", { class: "icon-button", href: mediaUrl(file.url), download: file.filename, "aria-label": t("download", { name: file.filename }), title: t("download", { name: file.filename }) }, icon("download")));
}
