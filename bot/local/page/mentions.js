/** Mentions as people write them: "@Name" while it is typed, and the `<@id>` that is sent. */

import { store } from "./store.js";

const LONGEST_NAME = 32;

/**
 * The mention that is being typed right before the caret.
 * @returns {{start: number, query: string} | null} `start` is the place of the @
 */
export function mentionAt(text, caret) {
  const start = text.lastIndexOf("@", caret - 1);
  if (start < 0 || caret - start > LONGEST_NAME + 1 || /[\p{L}\p{N}_]/u.test(text[start - 1] ?? "")) return null;
  const query = text.slice(start + 1, caret).toLowerCase();
  return query.includes("\n") || !found(query).length ? null : { start, query };
}

/** Members of whose names a word begins so: the bot first, then by name. */
export function found(query) {
  return [...store.members.values()]
    .filter((member) => member.id !== store.me.id)
    .filter((member) => [member.name, ...member.name.split(/\s+/u)].some((name) => name.toLowerCase().startsWith(query)))
    .sort((a, b) => Number(b.bot) - Number(a.bot) || a.name.localeCompare(b.name));
}

/** The text with every "@Name" of a member as a mention; what stands between backticks stays text. */
export function encode(text) {
  const names = new Map([...store.members.values()].map((member) => [member.name.toLowerCase(), member.id]));
  if (!names.size || !text.includes("@")) return text;
  const longestFirst = [...names.keys()].sort((a, b) => b.length - a.length).map((name) => name.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&"));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_@<])@(${longestFirst.join("|")})(?![\\p{L}\\p{N}_])`, "giu");
  return text.split(/(`+[^`]*`+)/u).map((part) => (part.startsWith("`") ? part : part.replace(pattern, (_, name) => `<@${names.get(name.toLowerCase())}>`))).join("");
}
