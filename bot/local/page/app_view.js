/** The class as a whole: puts the parts together, follows the current channel, shows banners. */

import { api } from "./api.js";
import { Composer } from "./composer.js";
import { announce, fill, h, icon, iconButton } from "./dom.js";
import { MemberList } from "./members.js";
import { MessageList } from "./message_list.js";
import { Sidebar, firstReadable } from "./sidebar.js";
import { CHANNEL, apply, author, bot, channelName, emit, isReadable, isThread, on, showChannel, store } from "./store.js";
import { t, tNodes } from "./texts.js";

/** Wider than this the member list is open at first. */
const WIDE_PX = 1100;
/** As in style.css. */
const NARROW_PX = 760;

export class AppView {
  /** @param {HTMLElement} root @param {{switchPerson: function()}} actions */
  constructor(root, actions) {
    this.sidebar = new Sidebar({ ...actions, close: () => this.drawer(false) });
    this.messages = new MessageList();
    this.composer = new Composer();
    this.members = new MemberList();
    this.members.element.hidden = window.innerWidth < WIDE_PX;
    this.banner = h("div", { class: "banners", role: "status" });
    this.head = this.buildHead();
    this.typing = h("div", { class: "typing", "aria-hidden": "true" });
    this.shade = h("div", { class: "shade", on: { click: () => this.drawer(false) } });
    this.element = h("div", { class: "app" },
      h("a", { class: "skip", href: "#composer-input", on: { click: (event) => { event.preventDefault(); this.composer.focus(); } } }, t("toComposer")),
      this.sidebar.element, this.shade,
      h("main", { class: "chat" }, this.banner, this.head, h("div", { class: "chat-columns" }, h("div", { class: "chat-main" }, this.messages.element, this.composer.element, this.typing), this.members.element)));
    fill(root, this.element);
    this.away = null;
    this.stops = [
      on("open-channel", (id) => this.open(id)),
      on("channels", () => this.keepChannel()),
      on("state", () => this.keepChannel()),
      on("channel", () => { this.paintHead(); this.paintTyping(); }),
      on("status", () => this.paintBanner()),
      on("typing", () => this.paintTyping()),
      on("connection", (state) => { this.away = state.away ? state : null; this.paintBanner(); }),
    ];
    this.timer = setInterval(() => { this.paintBanner(); this.paintTyping(); }, 1000);
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
    this.keepChannel();
    this.paintBanner();
    this.composer.focus();
  }

  destroy() {
    clearInterval(this.timer);
    document.removeEventListener("keydown", this.onKey);
    for (const stop of this.stops) stop();
    for (const part of [this.sidebar, this.messages, this.composer, this.members]) part.destroy();
  }

  /** Stays where one is unless that channel is gone. */
  keepChannel() {
    if (!store.me) return;
    if (isReadable(store.channels.get(store.channelId))) this.paintHead();
    else {
      const first = firstReadable();
      if (first || store.channelId) showChannel(first ? String(first.id) : null);
      else this.paintHead();
    }
  }

  async open(id) {
    this.drawer(false);
    if (!store.channels.has(id)) await this.find(id);
    if (!isReadable(store.channels.get(id))) return;
    if (id !== store.channelId) showChannel(id);
    this.composer.focus();
  }

  /** An archived thread is not among the channels that the page knows. */
  async find(id) {
    try {
      apply("CHANNEL_CREATE", await api.channel(id));
    } catch {
      this.composer.complain(t("threadGone"));
      announce(t("threadGone"));
    }
  }

  drawer(open) {
    this.element.classList.toggle("drawer-open", open);
    this.menu?.setAttribute("aria-expanded", String(open));
    if (open) (this.sidebar.element.querySelector(".channel.active") ?? this.sidebar.element.querySelector("button")).focus();
  }

  /** The bar above the messages; its buttons stay the same elements, so that they keep the focus. */
  buildHead() {
    this.menu = iconButton("menu", t("openChannels"), () => this.drawer(true), { class: "icon-button only-narrow", "aria-controls": "sidebar", "aria-expanded": "false" });
    this.sign = h("span", { class: "head-icon" });
    this.parent = h("button", { type: "button", class: "crumb", hidden: true, on: { click: () => emit("open-channel", this.parent.dataset.id) } });
    this.title = h("h2");
    this.topic = h("p", { class: "topic" });
    this.toggle = iconButton("people", t("toggleMembers"), () => this.showMembers(this.members.element.hidden), { "aria-controls": "members", "aria-expanded": String(!this.members.element.hidden) });
    return h("header", { class: "bar" }, this.menu, this.parent, this.sign, this.title, this.topic, this.toggle);
  }

  showMembers(shown) {
    this.members.element.hidden = !shown;
    this.toggle.setAttribute("aria-expanded", String(shown));
  }

  paintHead() {
    const channel = store.channels.get(store.channelId);
    const name = channel ? channelName(channel) : t("noChannels");
    const sign = { [CHANNEL.DM]: "chat" }[channel?.type] ?? (isThread(channel) ? "thread" : "hash");
    fill(this.sign, icon(sign));
    this.paintCrumb(isThread(channel) ? store.channels.get(String(channel.parent_id)) : null);
    this.title.textContent = name;
    this.topic.textContent = this.topic.title = channel?.topic ?? "";
    const waiting = [...store.unread.values()].reduce((sum, count) => sum + count, 0);
    document.title = `${waiting ? `(${waiting}) ` : ""}${sign === "hash" ? "#" : ""}${name} | ${store.guild.name}`;
  }

  /** The way back from a thread to its channel. */
  paintCrumb(parent) {
    this.parent.hidden = !parent;
    if (!parent) return;
    this.parent.dataset.id = String(parent.id);
    this.parent.setAttribute("aria-label", t("backTo", { channel: channelName(parent) }));
    fill(this.parent, icon("previous"), h("span", {}, `#${channelName(parent)}`));
  }

  /** Server away comes before bot offline; the countdown ticks silently inside the banner. */
  paintBanner() {
    const kind = this.away ? "away" : store.botOnline ? "" : "offline";
    if (this.away && this.seconds) {
      const seconds = Math.max(0, Math.ceil((this.away.away - Date.now()) / 1000));
      this.seconds.textContent = String(seconds);
    }
    if (kind === this.bannerKind) return;
    this.bannerKind = kind;
    this.seconds = h("span", { "aria-hidden": "true" });
    if (kind === "away") {
      const retry = h("button", { type: "button", class: "button plain", on: { click: () => this.away?.retry() } }, t("tryNow"));
      fill(this.banner, h("div", { class: "banner danger" }, icon("warn"), h("span", {}, tNodes("serverAway", { seconds: this.seconds })), retry));
    } else if (kind === "offline") fill(this.banner, h("div", { class: "banner" }, icon("warn"), h("span", {}, t("botOffline", { bot: bot().name }))));
    else fill(this.banner);
  }

  paintTyping() {
    const now = Date.now();
    const writing = [...(store.typing.get(store.channelId) ?? [])].filter(([, until]) => until > now).map(([id]) => author({ id }).name);
    const key = writing.join();
    if (key === this.typingText) return;
    this.typingText = key;
    fill(this.typing, writing.length ? [h("span", { class: "dots" }, h("i"), h("i"), h("i")), ...tNodes(writing.length === 1 ? "typingOne" : "typingMany", { names: h("strong", {}, writing.join(t("and"))) })] : []);
  }

  /** Typing anywhere writes a message; Alt with an arrow leafs through the channels; Escape shuts the drawer. */
  key(event) {
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && this.element.classList.contains("drawer-open")) {
      this.drawer(false);
      this.menu.focus();
      return;
    }
    // On a narrow window the members lie over the messages.
    if (event.key === "Escape" && !event.defaultPrevented && window.innerWidth < NARROW_PX) this.showMembers(false);
    if (event.altKey && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      this.step(event.key === "ArrowDown" ? 1 : -1);
      return;
    }
    const typing = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (typing && !event.target.closest?.("input, textarea, audio, video, [popover], [aria-expanded=true]")) this.composer.focus();
  }

  step(by) {
    const ids = [...this.sidebar.list.querySelectorAll(".channel:not(:disabled)")].map((entry) => entry.dataset.key);
    if (ids.length) this.open(ids[(ids.indexOf(store.channelId) + by + ids.length) % ids.length]);
  }
}
