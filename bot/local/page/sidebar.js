/** The left side: guild rail, channel list with categories and threads, and who one is. */

import { api } from "./api.js";
import { avatar, fill, h, icon, iconButton } from "./dom.js";
import { CHANNEL, apply, bot, channelName, emit, isReadable, isThread, on, store, threadsOf } from "./store.js";
import { t } from "./texts.js";

const CHANNEL_ICONS = { [CHANNEL.VOICE]: "voice", [CHANNEL.FORUM]: "forum" };

export class Sidebar {
  /** @param {{switchPerson: function(), close: function()}} actions `close` shuts the drawer on narrow windows */
  constructor(actions) {
    this.actions = actions;
    this.rail = h("nav", { class: "rail", "aria-label": "Server" });
    this.title = h("h1", { class: "guild-name" });
    this.list = h("nav", { class: "channel-list", "aria-label": t("channels") });
    this.user = h("div", { class: "user-panel" });
    this.element = h("div", { class: "sidebar", id: "sidebar" }, this.rail,
      h("div", { class: "channels" }, h("header", { class: "bar" }, this.title, iconButton("close", t("closeChannels"), actions.close, { class: "icon-button only-narrow" })), this.list, this.user));
    this.stops = ["state", "channels", "channel", "status"].map((name) => on(name, () => this.paint()));
    this.paint();
  }

  destroy() {
    for (const stop of this.stops) stop();
  }

  paint() {
    if (!store.me) return;
    const direct = Boolean(isDirect(store.channels.get(store.channelId)) || this.directOpen);
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.paintRail(direct);
    this.title.textContent = direct ? t("directMessages") : store.guild.name;
    fill(this.list, direct ? directList() : guildList());
    fill(this.user, avatar(store.me.name, store.me.color), h("div", { class: "user-names" }, h("strong", {}, store.me.name), h("span", {}, store.me.teacher ? t("teacher") : store.guild.name)),
      h("a", { class: "icon-button", href: "/", target: "_blank", rel: "noopener", "aria-label": t("secondPerson"), title: t("secondPerson") }, icon("window")),
      iconButton("swap", t("switchPerson"), this.actions.switchPerson));
    if (focused) this.element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  paintRail(direct) {
    const home = firstReadable();
    const mail = [...store.channels.values()].filter(isDirect);
    const unreadOf = (wanted) => [...store.unread].some(([id]) => isDirect(store.channels.get(id)) === wanted);
    const go = (wanted, known) => async () => {
      const channel = known ?? (wanted ? await openDirect() : null);
      this.directOpen = wanted && !channel;
      if (channel) emit("open-channel", String(channel.id));
      this.paint();
    };
    const entry = (key, label, content, wanted, channel) => h("button", {
      type: "button", class: `rail-button${direct === wanted ? " active" : ""}${unreadOf(wanted) ? " unread" : ""}`,
      "aria-label": label, title: label, "aria-current": direct === wanted ? "true" : null, data: { key }, on: { click: go(wanted, channel) },
    }, content);
    fill(this.rail, entry("rail-dm", t("directMessages"), icon("chat"), true, mail[0]), h("hr"), entry("rail-guild", store.guild.name, initials(store.guild.name), false, home));
  }
}

/** The direct messages with the bot; null where the server refuses. */
async function openDirect() {
  try {
    const channel = await api.direct();
    apply("CHANNEL_CREATE", channel);
    return channel;
  } catch {
    return null;
  }
}

function isDirect(channel) {
  return channel?.type === CHANNEL.DM;
}

function initials(name) {
  return name.split(/\s+/u).map((word) => [...word][0]).join("").slice(0, 4);
}

/** The channel to open first. */
export function firstReadable() {
  return ordered(null).flatMap((channel) => (channel.type === CHANNEL.CATEGORY ? ordered(channel.id) : [channel])).find(isReadable);
}

/** Channels below a parent in Discord's order: text before voice, then by position. */
function ordered(parentId) {
  return [...store.channels.values()]
    .filter((channel) => !isDirect(channel) && !isThread(channel) && String(channel.parent_id ?? "") === String(parentId ?? ""))
    .sort((a, b) => Number(a.type === CHANNEL.CATEGORY) - Number(b.type === CHANNEL.CATEGORY)
      || Number(a.type === CHANNEL.VOICE) - Number(b.type === CHANNEL.VOICE) || (a.position ?? 0) - (b.position ?? 0));
}

function guildList() {
  return ordered(null).map((channel) => {
    if (channel.type !== CHANNEL.CATEGORY) return channelEntry(channel);
    const inside = ordered(channel.id);
    return inside.length ? h("section", {}, h("h2", { class: "category" }, channel.name), inside.map(channelEntry)) : null;
  });
}

function directList() {
  const mail = [...store.channels.values()].filter(isDirect);
  return mail.length ? mail.map((channel) => entry(channel, avatar(channelName(channel), bot().color, "small"))) : h("p", { class: "nothing" }, t("noDirectMessages"));
}

function channelEntry(channel) {
  const threads = threadsOf(channel.id);
  const list = threads.length ? h("ul", { class: "threads", "aria-label": t("threadsIn", { channel: channelName(channel) }) }, threads.map((thread) => h("li", {}, entry(thread, icon(thread.locked ? "lock" : "thread"), "thread")))) : null;
  return [entry(channel, icon(CHANNEL_ICONS[channel.type] ?? "hash")), list];
}

function entry(channel, sign, className = "") {
  const id = String(channel.id);
  const unread = store.unread.get(id);
  const current = id === store.channelId;
  const label = `${channelName(channel)}${unread ? `, ${t("unread")}` : ""}`;
  const attrs = { type: "button", class: `channel ${className}${current ? " active" : ""}${unread ? " unread" : ""}`, data: { key: id }, "aria-label": label, "aria-current": current ? "page" : null };
  // Voice channels and forums themselves hold no messages; a forum's posts stand below it.
  if (!isReadable(channel)) Object.assign(attrs, { disabled: true });
  return h("button", { ...attrs, on: { click: () => emit("open-channel", id) } }, sign, h("span", { class: "channel-name" }, channelName(channel)), unread ? h("span", { class: "unread-count" }, String(unread)) : null);
}
