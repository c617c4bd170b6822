/** The scrolling list of the current channel: history above, new messages below, pinned to the end. */

import { api } from "./api.js";
import { announce, fill, h, icon } from "./dom.js";
import { reasonOf } from "./interactions.js";
import { MessageView, isGrouped, isNewDay, spoken } from "./message.js";
import { CHANNEL, addHistory, channelName, isThread, log, on, store } from "./store.js";
import { t } from "./texts.js";

const PAGE = 50;
/** So far back a jump to an earlier message searches. */
const PAGES_BACK = 6;
/** So near to the end a reader counts as following it. */
const NEAR_PX = 80;

export class MessageList {
  constructor() {
    this.start = h("div", { class: "channel-start" });
    this.list = h("ol", { class: "messages", role: "list" });
    this.notice = h("p", { class: "list-notice", role: "status" });
    this.jump = h("button", { type: "button", class: "jump", hidden: true, on: { click: () => this.toEnd() } }, t("newMessages"), icon("down"));
    this.content = h("div", { class: "scroller-content" }, this.start, this.notice, this.list);
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "region", on: { scroll: () => this.onScroll() } }, this.content);
    this.element = h("div", { class: "message-area" }, this.scroller, this.jump);
    this.views = new Map();
    this.following = true;
    this.stops = [
      on("messages", (change) => change.channelId === store.channelId && this.changed(change)),
      on("channel", () => this.open()),
      on("state", () => this.open()),
      on("jump-to", (id) => this.jumpTo(id)),
    ];
    // Pictures, players and embeds that grow late must not push the newest message out of sight.
    this.observer = new ResizeObserver(() => this.following && this.toEnd());
    this.observer.observe(this.content);
    this.observer.observe(this.scroller);
  }

  destroy() {
    this.observer.disconnect();
    for (const stop of this.stops) stop();
  }

  /** Shows the current channel from its end, fetching what is missing. */
  async open() {
    this.views.clear();
    this.list.replaceChildren();
    this.following = true;
    this.paint();
    const channelId = store.channelId;
    if (channelId && log(channelId).stale) await this.fetch(channelId, {}, true);
    this.toEnd();
  }

  async fetch(channelId, query, fresh) {
    if (this.fetching === channelId) return;
    this.fetching = channelId;
    this.notice.textContent = fresh ? "" : t("olderLoading");
    try {
      const page = await api.messages(channelId, { limit: PAGE, ...query });
      this.notice.textContent = "";
      addHistory(channelId, page, { limit: PAGE, fresh });
    } catch (error) {
      this.notice.textContent = reasonOf(error);
    } finally {
      this.fetching = null;
    }
  }

  changed({ created, own }) {
    const before = this.scroller.scrollHeight - this.scroller.scrollTop;
    this.paint();
    if (created) announce(spoken(created));
    if (own || (created && String(created.author?.id) === store.me.id)) this.following = true;
    if (this.following) this.toEnd();
    else if (created) this.jump.hidden = false;
    else if (this.loadingOlder) this.scroller.scrollTop = this.scroller.scrollHeight - before;
  }

  /** Brings the list in line with the store, moving only what changed. */
  paint() {
    const channel = store.channels.get(store.channelId);
    this.scroller.setAttribute("aria-label", t("messagesIn", { channel: channel ? channelName(channel) : "" }));
    const messages = channel ? log(store.channelId).list : [];
    const ids = new Set(messages.map((message) => message.id));
    for (const [id, view] of this.views) {
      if (ids.has(id)) continue;
      view.element.remove();
      this.views.delete(id);
    }
    messages.forEach((message, index) => {
      const before = messages[index - 1];
      let view = this.views.get(message.id);
      if (view) view.update(message);
      else this.views.set(message.id, (view = new MessageView(message)));
      const newDay = isNewDay(message, before);
      view.element.classList.toggle("new-day", newDay);
      view.element.classList.toggle("grouped", !newDay && isGrouped(message, before));
      if (this.list.children[index] !== view.element) this.list.insertBefore(view.element, this.list.children[index] ?? null);
    });
    this.paintStart(channel);
  }

  paintStart(channel) {
    this.start.hidden = !channel || !log(channel.id).complete;
    if (!channel) return;
    const name = channelName(channel);
    if (channel.type === CHANNEL.DM) fill(this.start, h("h2", {}, name), h("p", {}, t("dmStart", { channel: name })));
    else if (isThread(channel)) fill(this.start, h("span", { class: "start-icon" }, icon("thread")), h("h2", {}, name), h("p", {}, t("threadStart", { channel: name })));
    else fill(this.start, h("span", { class: "start-icon" }, icon("hash")), h("h2", {}, t("channelStart", { channel: name })), h("p", {}, channel.topic || t("channelStartText", { channel: name })));
  }

  onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.following = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (this.following) this.jump.hidden = true;
    const messages = store.channelId ? log(store.channelId) : null;
    if (scrollTop < 200 && messages && !messages.complete && !messages.stale && messages.list.length) this.older(messages);
  }

  async older(messages) {
    const oldest = messages.list.find((message) => !message.local);
    if (!oldest || this.loadingOlder) return;
    this.loadingOlder = true;
    await this.fetch(store.channelId, { before: oldest.id }, false);
    this.loadingOlder = false;
  }

  /** Shows an earlier message, fetching some pages of the history if need be. */
  async jumpTo(id) {
    const messages = log(store.channelId);
    for (let page = 0; page < PAGES_BACK && !this.views.has(id) && !messages.complete; page += 1) await this.older(messages);
    const element = this.views.get(id)?.element;
    if (!element) return;
    this.following = false;
    element.scrollIntoView({ block: "center" });
    element.classList.add("pointed-out");
    element.tabIndex = -1;
    element.focus({ preventScroll: true });
    setTimeout(() => element.classList.remove("pointed-out"), 2000);
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.following = true;
    this.jump.hidden = true;
  }
}
