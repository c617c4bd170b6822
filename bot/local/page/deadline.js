/** Until when something has to be handed in, and the countdown to it. */

import { h, icon } from "./dom.js";
import { CHANNEL, FLAG, author, log, on, store } from "./store.js";
import { t } from "./texts.js";

/** What ends later than so long after the message that says so is no countdown (the end of a lesson, say). */
const FAR_MS = 10 * 60_000;
/** Said aloud when so many seconds are left. */
const SPOKEN_S = [60, 30, 10];

/** Seconds as 2:05. */
export function minutes(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** The latest `<t:…:R>` in anything with texts, in milliseconds; null where there is none. */
export function timeIn(thing) {
  const found = [...JSON.stringify(thing ?? null).matchAll(/<t:(\d{1,12}):R>/gu)].map((match) => Number(match[1]) * 1000);
  return found.length ? Math.max(...found) : null;
}

/** When the bot's newest private word with a near end will be too old: in milliseconds; null without one. */
export function openDeadline(channelId = store.channelId) {
  if (!channelId) return null;
  const direct = store.channels.get(channelId)?.type === CHANNEL.DM;
  for (const message of [...log(channelId).list].reverse()) {
    if (!(direct || message.flags & FLAG.EPHEMERAL) || !author(message.author).bot) continue;
    const end = timeIn([message.content, message.embeds, message.components]);
    const said = Date.parse(message.edited_timestamp ?? message.timestamp);
    if (end !== null && end - said <= FAR_MS) return end;
  }
  return null;
}

/** The time that is left, counting by itself. It is empty while nothing runs out. */
export class Countdown {
  /** @param {{deadline?: function(): number|null, say: function(string)}} wants `say` tells a screen reader */
  constructor({ deadline = openDeadline, say }) {
    this.deadline = deadline;
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
    const end = this.deadline();
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
