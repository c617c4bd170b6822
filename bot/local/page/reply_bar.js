/** The line above the message box that says whom one answers, and whether that person is mentioned. */

import { fill, h, iconButton } from "./dom.js";
import { author, log, on, store } from "./store.js";
import { t, tNodes } from "./texts.js";

export class ReplyBar {
  /** @param {function()} changed called after a reply was begun or given up */
  constructor(changed) {
    this.changed = changed;
    this.element = h("div", { class: "reply-bar", hidden: true });
    this.stop = on("messages", ({ channelId }) => {
      if (this.message && channelId === store.channelId && !log(channelId).list.some((other) => other.id === this.message.id)) this.clear();
    });
  }

  begin(message) {
    this.message = message;
    this.ping = true;
    this.paint();
    this.changed();
  }

  /** Ends the reply; true if there was one. */
  clear() {
    const was = Boolean(this.message);
    this.message = null;
    this.paint();
    if (was) this.changed();
    return was;
  }

  /** What a message must carry to be this reply. */
  payload() {
    if (!this.message) return {};
    const reference = { message_reference: { message_id: this.message.id } };
    return this.ping ? reference : { ...reference, allowed_mentions: { parse: ["users", "roles", "everyone"], replied_user: false } };
  }

  paint() {
    this.element.hidden = !this.message;
    if (!this.message) return fill(this.element);
    const who = author(this.message.author);
    const ping = h("button", {
      type: "button", class: `reply-ping${this.ping ? " on" : ""}`, "aria-pressed": String(this.ping), "aria-label": t("pingHint", { user: who.name }), title: t("pingHint", { user: who.name }),
      on: { click: () => { this.ping = !this.ping; this.paint(); this.element.querySelector(".reply-ping").focus(); } },
    }, t(this.ping ? "pingOn" : "pingOff"));
    return fill(this.element, h("span", { class: "reply-whom" }, tNodes("replyTo", { user: h("strong", {}, who.name) })), who.id === store.me.id ? null : ping,
      iconButton("close", t("cancelReply"), () => this.clear()));
  }
}
