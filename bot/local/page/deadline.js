/** Words that are to be read aloud, until when, and the countdown to it. */

import { h, icon } from "./dom.js";
import { author, on, store } from "./store.js";
import { t } from "./texts.js";

/** Words to read aloud stand above the button by which the recording is handed in; what it opens bears the same name. */
const HAND_IN = "ka:voicegive:";
/** Said aloud when so many seconds are left. */
const SPOKEN_S = [60, 30, 10];

/** Seconds as 2:05. */
export function minutes(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Ids of messages whose words were handed in as a voice message: the message itself stays as it was. */
const spent = new Set();

/** After the recording of these words was sent. */
export function handedIn(phrase) {
  spent.add(phrase.message.id);
}

/** Whether a form takes the recording of words that were read aloud. */
export function handsIn(modal) {
  return String(modal.custom_id).startsWith(HAND_IN);
}

/** The latest `<t:…:R>` in a text, in milliseconds; null where there is none. */
function timeIn(text) {
  const found = [...String(text ?? "").matchAll(/<t:(\d{1,12}):R>/gu)].map((match) => Number(match[1]) * 1000);
  return found.length ? Math.max(...found) : null;
}

/** The words that this person is to read aloud now: {message, end in milliseconds}; null where there are none. */
export function openPhrase() {
  let newest = null;
  // Read in one channel, the recording may go to another: the direct messages.
  for (const { list } of store.messages.values()) {
    for (const message of list) {
      const isPhrase = !message.local && !spent.has(message.id) && author(message.author).bot && JSON.stringify(message.components ?? []).includes(`"${HAND_IN}`);
      const end = isPhrase ? timeIn(message.content) : null;
      if (end !== null && end >= (newest?.end ?? 0)) newest = { message, end };
    }
  }
  return newest;
}

/** The same while there is time left. */
export function phraseInTime() {
  const phrase = openPhrase();
  return phrase && phrase.end > Date.now() ? phrase : null;
}

/** The time that is left, counting by itself. It is empty while nothing runs out. */
export class Countdown {
  /** @param {function(string)} say tells a screen reader */
  constructor(say) {
    this.say = say;
    this.text = h("span");
    this.element = h("span", { class: "countdown", role: "timer", "aria-live": "off", hidden: true }, icon("clock"), this.text);
    this.timer = setInterval(() => this.paint(), 250);
    this.stops = ["messages", "channel"].map((name) => on(name, () => this.paint()));
    this.paint();
  }

  destroy() {
    clearInterval(this.timer);
    for (const stop of this.stops) stop();
  }

  paint() {
    const end = openPhrase()?.end ?? null;
    const left = end === null ? null : Math.ceil((end - Date.now()) / 1000);
    this.element.hidden = left === null || left <= 0;
    if (left !== null && end === this.end) this.speak(left);
    [this.end, this.left] = [end, left];
    if (this.element.hidden) return;
    const text = minutes(left);
    if (this.text.textContent !== text) this.text.textContent = text;
    this.element.classList.toggle("soon", left <= 30);
    this.element.setAttribute("aria-label", t("timeLeft", { time: text }));
    this.element.title = t("timeLeft", { time: text });
  }

  speak(left) {
    const mark = SPOKEN_S.find((seconds) => this.left > seconds && left <= seconds);
    if (mark) this.say(t("timeLeft", { time: minutes(mark) }));
    else if (this.left > 0 && left <= 0) this.say(t("timeOver"));
  }
}
