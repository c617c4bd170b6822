/**
 * What the page knows: people, channels, commands, messages. One `apply` per server event changes it and
 * tells listeners; nothing here touches the document.
 */

import { cssColor } from "./dom.js";
import { t } from "./texts.js";

/** Channel types of Discord that the page tells apart. */
export const CHANNEL = { TEXT: 0, DM: 1, VOICE: 2, CATEGORY: 4, NEWS: 5, NEWS_THREAD: 10, THREAD: 11, PRIVATE_THREAD: 12, FORUM: 15 };
export const FLAG = { EPHEMERAL: 64, LOADING: 128, VOICE: 8192, COMPONENTS_V2: 32768 };

const PALETTE = ["#5865f2", "#3ba55c", "#e67e22", "#eb459e", "#1abc9c", "#c27c0e", "#9b59b6", "#2e86c1", "#d6604d", "#607d8b"];
const TYPING_MS = 10_000;

const bus = new EventTarget();
/** Calls `listener(detail)` on every `name`; returns a function that stops it. */
export function on(name, listener) {
  const wrapped = (event) => listener(event.detail);
  bus.addEventListener(name, wrapped);
  return () => bus.removeEventListener(name, wrapped);
}
export function emit(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

export const store = {
  me: null, guild: null, channels: new Map(), members: new Map(), roles: new Map(), commands: [],
  /** channel id -> {list, complete, stale} */
  messages: new Map(),
  /** channel id -> number of unread messages */
  unread: new Map(),
  /** channel id -> Map of user id -> when the hint ends */
  typing: new Map(),
  channelId: null, botOnline: true,
  /** Bytes that one file may have. */
  fileLimit: 10 * 1024 * 1024,
  /** Offered as reactions. */
  emoji: ["👍", "👎", "❤️", "😂", "😮", "🎉", "🤔", "👏"],
};

/** Takes over the answer of `api/state`. Messages seen so far are kept, but fetched again when shown. */
export function loadState(state) {
  store.me = person(state.me);
  store.guild = state.guild;
  store.channels = new Map(state.channels.map((channel) => [String(channel.id), channel]));
  store.members = new Map(state.members.map(person).map((member) => [member.id, member]));
  if (!store.members.has(store.me.id)) store.members.set(store.me.id, store.me);
  store.roles = new Map((state.roles ?? state.guild.roles ?? []).map((role) => [String(role.id), role]));
  store.commands = state.commands ?? [];
  store.fileLimit = state.limits?.file_bytes ?? store.fileLimit;
  if (state.emoji?.length) store.emoji = state.emoji;
  if (typeof state.bot?.online === "boolean") store.botOnline = state.bot.online;
  for (const log of store.messages.values()) log.stale = true;
  emit("state");
}

/** Takes over a new set of commands; the bot may have registered them while the page was open. */
export function setCommands(commands) {
  store.commands = commands ?? [];
  emit("commands");
}

/** Forgets everything of a person who leaves the window. */
export function forget() {
  Object.assign(store, { me: null, guild: null, channelId: null, botOnline: true, commands: [] });
  for (const map of [store.channels, store.members, store.roles, store.messages, store.unread, store.typing]) map.clear();
}

/** One shape for members (`{user, nick}`), users and people: id, name, color, bot, teacher. */
export function person(raw) {
  const user = raw.user ?? raw;
  const id = String(user.id);
  return {
    id,
    name: raw.nick ?? raw.name ?? user.global_name ?? user.display_name ?? user.username ?? user.name ?? id,
    color: cssColor(raw.color ?? user.color ?? user.accent_color) ?? PALETTE[hash(id) % PALETTE.length],
    bot: Boolean(user.bot),
    teacher: ["teacher", "Lehrkraft"].includes(raw.role),
    roles: raw.roles ?? [],
  };
}

/** A stable number for a text, to give people without a colour one of the palette. */
function hash(text) {
  let value = 7;
  for (const letter of text) value = (value * 31 + letter.codePointAt(0)) >>> 0;
  return value;
}

/** The person behind an author: the member if known, else what the message says. */
export function author(user) {
  return store.members.get(String(user?.id)) ?? person(user ?? { id: "0", name: t("unknownUser") });
}

export function channelOf(message) {
  return store.channels.get(String(message.channel_id));
}

/** The message that a reply answers, if this page knows it. */
export function referenced(message) {
  if (message.referenced_message) return message.referenced_message;
  const id = message.message_reference?.message_id;
  return id ? log(String(message.channel_id)).list.find((other) => other.id === id) : undefined;
}

export function bot() {
  return [...store.members.values()].find((member) => member.bot) ?? { id: "0", name: t("app"), color: PALETTE[0], bot: true };
}

export function isThread(channel) {
  return [CHANNEL.NEWS_THREAD, CHANNEL.THREAD, CHANNEL.PRIVATE_THREAD].includes(channel?.type);
}

/** Threads of a channel that are open, or archived and just being read; the oldest first. */
export function threadsOf(channelId) {
  return [...store.channels.values()]
    .filter((channel) => isThread(channel) && String(channel.parent_id) === String(channelId) && (!channel.archived || String(channel.id) === store.channelId))
    .sort(byId);
}

/** Whether one can read and write messages there. */
export function isReadable(channel) {
  return Boolean(channel) && ![CHANNEL.CATEGORY, CHANNEL.VOICE, CHANNEL.FORUM].includes(channel.type);
}

/** The name shown for a channel; a direct message bears the name of the other side. */
export function channelName(channel) {
  if (channel.type !== CHANNEL.DM) return channel.name ?? "";
  const other = (channel.recipients ?? []).find((user) => String(user.id) !== store.me?.id);
  return other ? author(other).name : channel.name || bot().name;
}

/** Messages of a channel, oldest first. */
export function log(channelId) {
  if (!store.messages.has(channelId)) store.messages.set(channelId, { list: [], complete: false, stale: true });
  return store.messages.get(channelId);
}

/** Snowflakes compare as numbers; equal lengths compare as text. */
function byId(a, b) {
  return a.id.length - b.id.length || (a.id < b.id ? -1 : Number(a.id > b.id));
}

/**
 * Takes over a page of history. `fresh` replaces what the page had (after a lost connection, in which messages may
 * have been deleted), except for local ones, which the history does not contain.
 */
export function addHistory(channelId, page, { limit, fresh }) {
  const target = log(channelId);
  const known = new Map(page.map((message) => [message.id, message]));
  for (const message of target.list) {
    const keep = !fresh || message.local;
    if (keep && !known.has(message.id)) known.set(message.id, message);
  }
  const all = [...known.values()];
  target.list = [...all.filter((message) => !message.local).sort(byId), ...all.filter((message) => message.local)];
  target.complete = page.length < limit;
  target.stale = false;
  emit("messages", { channelId });
}

/** A message that only this page shows, such as "sending" or "did not respond". */
export function addLocal(channelId, message) {
  log(channelId).list.push({ timestamp: new Date().toISOString(), local: true, flags: FLAG.EPHEMERAL, ...message });
  emit("messages", { channelId, own: true });
}

/** Removes one message from view: deleted by the server or dismissed by its reader. */
export function removeMessage(channelId, id) {
  const target = log(channelId);
  target.list = target.list.filter((message) => message.id !== id);
  emit("messages", { channelId });
}

const handlers = {
  MESSAGE_CREATE(message) {
    const channelId = String(message.channel_id);
    const target = log(channelId);
    if (target.list.some((other) => other.id === message.id)) return handlers.MESSAGE_UPDATE(message);
    // The placeholder of one's own command gives way to the bot's answer.
    const answered = message.interaction_metadata?.id;
    target.list = target.list.filter((other) => !(other.local && answered && other.interactionId === answered));
    target.list.push(message);
    store.typing.get(channelId)?.delete(String(message.author?.id));
    if (channelId !== store.channelId || document.hidden) {
      store.unread.set(channelId, (store.unread.get(channelId) ?? 0) + 1);
      emit("channels");
    }
    emit("typing");
    emit("messages", { channelId, created: message });
    return undefined;
  },
  MESSAGE_UPDATE(message) {
    const channelId = String(message.channel_id);
    const target = log(channelId);
    const before = target.list.find((other) => other.id === message.id);
    if (!before) return;
    const after = { ...before, ...message };
    target.list = target.list.map((other) => (other === before ? after : other));
    const answered = (before.flags & FLAG.LOADING) && !(after.flags & FLAG.LOADING);
    emit("messages", { channelId, updated: after, created: answered ? after : undefined });
  },
  MESSAGE_DELETE: ({ channel_id: channelId, id }) => removeMessage(String(channelId), id),
  TYPING_START({ channel_id: channelId, user_id: userId }) {
    if (String(userId) === store.me.id) return;
    if (!store.typing.has(String(channelId))) store.typing.set(String(channelId), new Map());
    store.typing.get(String(channelId)).set(String(userId), Date.now() + TYPING_MS);
    emit("typing");
  },
  CHANNEL_CREATE(channel) {
    store.channels.set(String(channel.id), { ...store.channels.get(String(channel.id)), ...channel });
    attachThread(channel);
    emit("channels");
  },
  CHANNEL_DELETE({ id, archived }) {
    const known = store.channels.get(String(id));
    // An archived thread leaves the list, but who is reading it stays in it.
    if (archived && known && String(id) === store.channelId) store.channels.set(String(id), { ...known, archived: true });
    else store.channels.delete(String(id));
    emit("channels");
  },
  REACTION_ADD: (event) => countReaction(event, 1),
  REACTION_REMOVE: (event) => countReaction(event, -1),
  BOT_STATUS({ online }) {
    store.botOnline = online;
    emit("status");
  },
};
handlers.CHANNEL_UPDATE = handlers.CHANNEL_CREATE;
handlers.THREAD_CREATE = handlers.CHANNEL_CREATE;

/** A thread that began with a message bears its id; the message then shows the way to it. */
function attachThread(channel) {
  const parent = store.messages.get(String(channel.parent_id));
  if (!isThread(channel) || !parent?.list.some((message) => message.id === String(channel.id))) return;
  handlers.MESSAGE_UPDATE({ id: String(channel.id), channel_id: channel.parent_id, thread: channel });
}

function countReaction({ channel_id: channelId, message_id: messageId, user_id: userId, emoji }, step) {
  const message = log(String(channelId)).list.find((other) => other.id === messageId);
  if (!message) return;
  const name = emoji.name ?? emoji;
  const reactions = (message.reactions ?? []).map((reaction) => ({ ...reaction }));
  let reaction = reactions.find((other) => other.emoji.name === name);
  if (!reaction) reactions.push((reaction = { emoji: { id: null, name }, count: 0, me: false }));
  const mine = String(userId) === store.me.id;
  // One's own click was counted when it was made; the echo must not count twice.
  if (mine && reaction.me === (step > 0)) return;
  reaction.count += step;
  if (mine) reaction.me = step > 0;
  handlers.MESSAGE_UPDATE({ id: messageId, channel_id: channelId, reactions: reactions.filter((other) => other.count > 0) });
}

/** Applies one event of the socket; returns false for one that other modules handle. */
export function apply(type, data) {
  if (!handlers[type]) return false;
  handlers[type](data);
  return true;
}

/** Looks at a channel: makes it current and read. */
export function showChannel(channelId) {
  store.channelId = channelId;
  store.unread.delete(channelId);
  emit("channel");
  emit("channels");
}
