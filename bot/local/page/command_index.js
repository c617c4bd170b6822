/** Finds slash commands: flattens subcommands, searches names in the person's language, reads typed commands. */

import { CHANNEL, store } from "./store.js";
import { localized } from "./texts.js";

export const OPTION = { SUBCOMMAND: 1, GROUP: 2, STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, ROLE: 8, MENTIONABLE: 9, NUMBER: 10, ATTACHMENT: 11 };

/**
 * @typedef {object} Entry one thing that can be run
 * @property {object} command the application command
 * @property {Array<{name: string, type: number}>} path subcommand group and subcommand, if any
 * @property {string} name full name as the person sees it, without the slash
 * @property {string} rawName full name as the bot registered it
 * @property {string} description
 * @property {Array<object>} options
 */

/** @returns {Entry[]} all commands that can be used in the current channel */
export function entries() {
  const direct = store.channels.get(store.channelId)?.type === CHANNEL.DM;
  return store.commands
    .filter((command) => (command.type ?? 1) === 1 && (!direct || allowsDirect(command)))
    .flatMap((command) => flatten({ command, path: [], name: localized(command, "name"), rawName: command.name }, command));
}

function allowsDirect(command) {
  return command.contexts ? command.contexts.includes(1) : command.dm_permission !== false;
}

function flatten(parent, node) {
  const inner = (node.options ?? []).filter((option) => option.type === OPTION.SUBCOMMAND || option.type === OPTION.GROUP);
  if (!inner.length) return [{ ...parent, description: localized(node, "description"), options: node.options ?? [] }];
  return inner.flatMap((option) => flatten({
    command: parent.command,
    path: [...parent.path, { name: option.name, type: option.type }],
    name: `${parent.name} ${localized(option, "name")}`,
    rawName: `${parent.rawName} ${option.name}`,
  }, option));
}

/** Matching commands: those that begin with the text, then those that contain it, then by description. */
export function search(text) {
  const wanted = text.trim().toLowerCase();
  const rank = (entry) => {
    const names = [entry.name.toLowerCase(), entry.rawName.toLowerCase()];
    if (names.some((name) => name.startsWith(wanted))) return 0;
    if (names.some((name) => name.includes(wanted))) return 1;
    return wanted.length > 2 && entry.description.toLowerCase().includes(wanted) ? 2 : 3;
  };
  return entries()
    .map((entry) => ({ entry, rank: rank(entry) }))
    .filter((found) => found.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.entry.name.localeCompare(b.entry.name))
    .map((found) => found.entry);
}

/** The command that a text such as "/bild prompt:…" names completely, with what follows it. */
export function fromText(text) {
  if (!text.startsWith("/")) return null;
  const typed = text.slice(1).toLowerCase();
  const found = entries()
    .flatMap((entry) => [entry.name, entry.rawName].map((name) => ({ entry, name: `${name.toLowerCase()} ` })))
    .filter((one) => typed.startsWith(one.name))
    .sort((a, b) => b.name.length - a.name.length)[0];
  return found ? { entry: found.entry, rest: text.slice(1 + found.name.length) } : null;
}

/** The full name of a command in the person's language; the same text where it is not known. */
export function shownName(rawName) {
  return entries().find((entry) => entry.rawName === rawName)?.name ?? rawName;
}

/** The option called `name`, in either language. */
export function optionNamed(options, name) {
  return options.find((option) => [option.name, localized(option, "name")].some((one) => one.toLowerCase() === name.toLowerCase()));
}

/**
 * Splits "prompt: a city seed:7" into options, as on a worksheet. Text before the first name belongs to the
 * first option.
 * @returns {Array<{option: object, text: string}>}
 */
export function splitOptions(entry, rest) {
  const found = [];
  let last = null;
  for (const piece of rest.split(/(?<=^|\s)(?=[^\s:]+:)/u)) {
    const match = /^([^\s:]+):\s*([^]*)$/u.exec(piece);
    const option = match && optionNamed(entry.options, match[1]);
    if (option && !found.some((one) => one.option === option)) found.push((last = { option, text: match[2] }));
    else if (last) last.text += piece;
    else if (piece.trim() && entry.options.length) found.push((last = { option: entry.options[0], text: piece }));
  }
  return found.map(({ option, text }) => ({ option, text: text.trim().replace(/\s*\n\s*/gu, " ") }));
}
