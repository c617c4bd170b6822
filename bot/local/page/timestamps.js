/** Points in time as Discord writes them, and the clock that keeps relative ones true. */

import { h } from "./dom.js";
import { getLocale, t } from "./texts.js";

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

function relative(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(getLocale(), { numeric: "always" }).format(Math.round(seconds / length), unit);
}

/** `<t:seconds:style>` as an element; style R counts by itself. */
export function timestamp(seconds, style = "f") {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return document.createTextNode(`<t:${seconds}>`);
  const full = new Intl.DateTimeFormat(getLocale(), STYLES.F).format(date);
  const element = h("time", { class: "timestamp", datetime: date.toISOString(), title: full });
  if (style === "R") element.dataset.relative = date.toISOString();
  element.textContent = style === "R" ? relative(date) : new Intl.DateTimeFormat(getLocale(), STYLES[style] ?? STYLES.f).format(date);
  return element;
}

/** The time beside an author's name: "Heute um 10:15" or the date. */
export function messageTime(iso) {
  const date = new Date(iso);
  const time = clock(iso);
  const days = Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
  if (days === 0) return t("today", { time });
  if (days === 1) return t("yesterday", { time });
  return new Intl.DateTimeFormat(getLocale(), { dateStyle: "short", timeStyle: "short" }).format(date);
}

/** Hours and minutes alone, for messages that follow one another. */
export function clock(iso) {
  return new Intl.DateTimeFormat(getLocale(), { timeStyle: "short" }).format(new Date(iso));
}

/** The day as a divider between messages says it. */
export function dayName(iso) {
  return new Intl.DateTimeFormat(getLocale(), { dateStyle: "long" }).format(new Date(iso));
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Starts the one clock for all relative timestamps on the page. */
export function startClock() {
  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const text = relative(new Date(element.dataset.relative));
      if (element.textContent !== text) element.textContent = text;
    }
  }, 1000);
}
