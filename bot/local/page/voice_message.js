/** How a voice message looks: its wave form and its length. */

import { minutes } from "./deadline.js";
import { h, icon } from "./dom.js";
import { t } from "./texts.js";

const BARS = 48;

/** Whether a file came as a voice message. */
export function isVoice(file) {
  return typeof file.waveform === "string" && typeof file.duration_secs === "number";
}

/** What stands above the player in place of the file's name. */
export function voiceHead(file) {
  return h("div", { class: "file-head voice-head" }, icon("mic", "file-icon"),
    h("div", { class: "file-text" }, h("strong", {}, t("voiceMessage")), h("div", { class: "file-size" }, minutes(Math.round(file.duration_secs)))), waveView(file.waveform));
}

/** The wave form as bars; what is no base64 is drawn as a flat line. */
function waveView(text) {
  let points = [];
  try {
    points = [...atob(text)].map((letter) => letter.charCodeAt(0) / 255);
  } catch {
    points = [];
  }
  const wave = h("div", { class: "wave", "aria-hidden": "true" });
  for (let index = 0; index < BARS; index += 1) {
    const part = points.slice(Math.floor((index * points.length) / BARS), Math.max(Math.ceil(((index + 1) * points.length) / BARS), 1));
    const bar = h("i");
    bar.style.height = `${Math.round(8 + 92 * Math.max(0, ...part))}%`;
    wave.append(bar);
  }
  return wave;
}

/** Recordings of a browser do not say how long they are until they were read to the end. */
export function measured(audio) {
  audio.addEventListener("loadedmetadata", () => {
    if (audio.duration !== Infinity) return;
    audio.addEventListener("durationchange", () => {
      if (audio.paused && Number.isFinite(audio.duration)) audio.currentTime = 0;
    }, { once: true });
    audio.currentTime = Number.MAX_SAFE_INTEGER;
  }, { once: true });
  return audio;
}
