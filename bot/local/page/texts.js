/** The page's sentences in the person's language. The bot's texts come from the bot, localised. */

import { DE } from "./text_de.js";
import { EN } from "./text_en.js";

let locale = navigator.language?.startsWith("de") ? "de" : "en-US";

/** "de" or "en-US": Discord's names of the two locales. */
export function getLocale() {
  return locale;
}

export function setLocale(value) {
  locale = value === "de" ? "de" : "en-US";
  document.documentElement.lang = locale === "de" ? "de" : "en";
}

/** The sentence of a key with {placeholders} filled in. */
export function t(key, values = {}) {
  const sentence = (locale === "de" ? DE : EN)[key];
  if (sentence === undefined) throw new Error(`no sentence for ${key}`);
  return sentence.replace(/\{(\w+)\}/gu, (_, name) => values[name] ?? "");
}

/** The same as a list of texts and nodes, for sentences with a name or command in the middle. */
export function tNodes(key, nodes) {
  return t(key, Object.fromEntries(Object.keys(nodes).map((name) => [name, `\u0000${name}\u0000`])))
    .split("\u0000")
    .map((piece, index) => (index % 2 ? nodes[piece] : piece));
}

/** Name or description of a command, option or choice in the person's language. */
export function localized(thing, field) {
  return thing[`${field}_localizations`]?.[locale] ?? thing[`${field}_localized`] ?? thing[field] ?? "";
}

/** A file size as a person reads it. */
export function fileSize(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  let value = bytes ?? 0;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toLocaleString(locale, { maximumFractionDigits: unit ? 1 : 0 })} ${units[unit]}`;
}
