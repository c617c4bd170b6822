/** The panel in which one records: level, time, listening to it, using it or throwing it away. */

import { minutes } from "./deadline.js";
import { fill, h, icon, iconButton } from "./dom.js";
import { LONGEST_S, Take, problemOf } from "./microphone.js";
import { t } from "./texts.js";

/** Shorter takes are slips of the finger. */
const SHORTEST_S = 0.5;
/** After so long without a sound one is told that nothing is heard. */
const QUIET_AFTER_S = 2;
const QUIET_LEVEL = 0.3;
/** There is one microphone, so there is one panel. */
let current = null;

export class Recorder {
  /**
   * @param {{place: HTMLElement, above?: HTMLElement|null, use: function(File, {seconds: number, waveform: string}), label: string, closed: function()}} wants
   *   `place` is where it stands, `above` what is to be read; `use` gets the finished recording (and may return a promise; if that fails the panel stays), `label` is on its button
   */
  constructor(wants) {
    current?.close();
    current = this;
    this.wants = wants;
    this.status = h("p", { class: "recorder-status", role: "status" });
    this.body = h("div", { class: "recorder-body" });
    this.element = h("div", { class: "recorder", role: "group", "aria-label": t("recorder"), on: { keydown: (event) => this.key(event) } }, wants.above, this.status, this.body);
    wants.place.replaceChildren(this.element);
  }

  /** "asking", "recording", "done", "failed" or "closed". */
  show(state, sentence, ...content) {
    const focused = this.element.contains(document.activeElement);
    this.state = state;
    this.element.dataset.state = state;
    this.say(sentence);
    fill(this.body, ...content);
    if (focused) (this.body.querySelector(".primary") ?? this.body.querySelector("button")).focus();
  }

  say(sentence) {
    if (this.status.textContent !== sentence) this.status.textContent = sentence;
  }

  button(text, act, className = "plain", sign = null) {
    return h("button", { type: "button", class: `button ${className}`, on: { click: act } }, sign ? icon(sign) : null, text);
  }

  /** Asks for the microphone and records; also to record again. */
  async begin() {
    this.forget();
    // What plays aloud would be recorded too.
    for (const player of document.querySelectorAll("audio, video")) player.pause();
    this.take = new Take({ tick: (now) => this.tick(now), ended: (take) => this.ended(take) });
    const { take } = this;
    this.show("asking", t("recordAsking"), this.button(t("cancel"), () => this.close()));
    this.body.querySelector("button").focus();
    try {
      await take.begin();
    } catch (error) {
      if (take === this.take && this.state !== "closed") this.fail(t(problemOf(error)));
      return;
    }
    if (take === this.take && this.state === "asking") this.running();
  }

  running() {
    this.heard = false;
    this.shown = 0;
    this.level = h("div", { class: "level-now" });
    this.meter = h("div", { class: "level", role: "meter", "aria-label": t("recordLevel"), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 }, this.level);
    this.time = h("span", { class: "recorder-time", role: "timer", "aria-live": "off", "aria-label": t("recordTime") }, "0:00");
    this.show("recording", t("recordRunning"), h("span", { class: "recorder-dot", "aria-hidden": "true" }), this.meter, this.time,
      this.button(t("recordStop"), () => this.take.stop(), "primary", "stop"), this.button(t("recordDiscard"), () => this.close()));
    this.body.querySelector(".primary").focus();
  }

  tick({ seconds, level }) {
    if (this.state !== "recording") return;
    // It falls slowly, so that the eye can follow.
    this.shown = Math.max(level, this.shown * 0.85);
    this.level.style.transform = `scaleX(${this.shown.toFixed(3)})`;
    this.meter.setAttribute("aria-valuenow", String(Math.round(this.shown * 100)));
    this.time.textContent = minutes(seconds);
    this.heard ||= level > QUIET_LEVEL;
    if (this.heard) this.say(t("recordRunning"));
    else if (seconds > QUIET_AFTER_S) this.say(t("recordQuiet"));
  }

  ended({ blob, name, seconds, waveform, why }) {
    if (seconds < SHORTEST_S || !blob.size) {
      this.fail(t("recordShort"));
      return;
    }
    this.result = { file: new File([blob], `${t("recordName")}-${name}`, { type: blob.type }), seconds, waveform };
    this.url = URL.createObjectURL(blob);
    this.player = h("audio", { src: this.url, preload: "auto" });
    this.progress = h("progress", { class: "recorder-progress", max: seconds, value: 0, "aria-label": t("recordTime") });
    this.paused = true;
    this.play = this.button(t("recordPlay"), () => this.togglePlay(), "plain", "play");
    for (const type of ["play", "pause", "ended", "timeupdate"]) this.player.addEventListener(type, () => this.paintPlay());
    const sentence = { long: t("recordLong", { limit: LONGEST_S / 60 }), lost: t("recordLost") }[why] ?? t("recordDone", { time: minutes(seconds) });
    this.useButton = this.button(this.wants.label, () => this.use(), "primary", "check");
    const line = h("div", { class: "recorder-line" }, this.player, this.play, this.progress, h("span", { class: "recorder-time" }, minutes(seconds)));
    this.show("done", sentence, line, this.useButton,
      this.button(t("recordAgain"), () => this.begin()), this.button(t("recordDiscard"), () => this.close()));
  }

  togglePlay() {
    if (this.player.paused) this.player.play();
    else this.player.pause();
  }

  paintPlay() {
    // Its last events come after it was given up.
    if (!this.player) return;
    const { paused, currentTime } = this.player;
    this.progress.value = currentTime;
    if (paused === this.paused) return;
    this.paused = paused;
    fill(this.play, icon(paused ? "play" : "pause"), t(paused ? "recordPlay" : "recordPause"));
  }

  fail(sentence) {
    this.show("failed", sentence, this.button(t("recordRetry"), () => this.begin(), "primary"), this.button(t("close"), () => this.close()));
  }

  /** Hands the finished recording over and goes; resolves to whether that worked. */
  async use() {
    if (this.state !== "done" || this.busy) return false;
    const { file, seconds, waveform } = this.result;
    this.player.pause();
    this.busy = this.useButton.disabled = true;
    try {
      const taken = this.wants.use(file, { seconds, waveform });
      if (taken) await taken;
    } catch {
      // Whoever took it has said why; the recording is still here.
      this.busy = this.useButton.disabled = false;
      return false;
    }
    this.close();
    return true;
  }

  key(event) {
    if (event.key !== "Escape") return;
    // Inside a form the key would close the form with all that was filled in.
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }

  forget() {
    // An element that still reads would complain of the address that is gone.
    this.player?.removeAttribute("src");
    this.player?.load();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = this.player = this.result = null;
  }

  close() {
    if (this.state === "closed") return;
    this.state = "closed";
    if (current === this) current = null;
    this.take?.cancel();
    this.forget();
    this.element.remove();
    this.wants.closed();
  }
}

/** The button that opens the panel. */
export function recordButton(label, open, attrs = {}) {
  return iconButton("mic", label, open, attrs);
}
