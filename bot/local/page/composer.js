/** The message box: ordinary text with files, or a slash command. */

import { api } from "./api.js";
import { CommandForm } from "./command_form.js";
import { entries, fromText, search, splitOptions } from "./command_index.js";
import { fill, h, icon, iconButton } from "./dom.js";
import { interact, reasonOf } from "./interactions.js";
import { encode, found, mentionAt } from "./mentions.js";
import { outcome } from "./placeholders.js";
import { ReplyBar } from "./reply_bar.js";
import { Suggestions } from "./suggestions.js";
import { CHANNEL, bot, channelName, isThread, on, store } from "./store.js";
import { fileSize, t } from "./texts.js";
import { VoiceBar } from "./voice_bar.js";

const LONGEST = 2000;
const MOST_FILES = 10;
/** While somebody writes, the others are told at most this often. */
const TYPING_EVERY_MS = 8000;

export class Composer {
  constructor() {
    this.suggestions = new Suggestions();
    this.files = [];
    /** channel id -> text not sent yet */
    this.drafts = new Map();
    this.form = null;
    this.last = null;
    this.error = h("p", { class: "composer-error", role: "alert" });
    this.input = h("textarea", { id: "composer-input", rows: 1, autocomplete: "off" });
    this.suggestions.attach(this.input);
    this.grow = h("div", { class: "grow composer-text" }, this.input);
    this.counter = h("span", { class: "counter" });
    this.picker = h("input", { type: "file", multiple: true, class: "hidden-visually", tabindex: "-1", "aria-hidden": "true" });
    this.tray = h("ul", { class: "tray" });
    this.body = h("div", { class: "composer-body" }, this.grow);
    this.voice = new VoiceBar(this);
    this.attach = iconButton("plus", t("attach"), () => this.picker.click(), { class: "icon-button composer-attach" });
    this.reply = new ReplyBar(() => this.focus());
    this.note = h("p", { class: "composer-note", role: "status" });
    this.element = h("div", { class: "composer" }, this.suggestions.element, this.error, this.note, this.reply.element, this.tray, this.voice.place,
      h("div", { class: "composer-bar" }, this.attach, this.picker, this.body, this.counter, this.voice.slot, iconButton("send", t("send"), () => this.send(), { class: "icon-button composer-send" })),
      h("div", { class: "drop-hint", "aria-hidden": "true" }, icon("file"), t("dropHere")));
    this.listen();
    this.paint();
  }

  listen() {
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.suggestions.hide());
    this.input.addEventListener("focus", () => this.typed());
    this.input.addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      this.addFiles(event.clipboardData.files);
    });
    this.picker.addEventListener("change", () => {
      this.addFiles(this.picker.files);
      this.picker.value = "";
    });
    this.drag = { dragover: (event) => this.dragged(event, true), dragleave: (event) => !event.relatedTarget && this.dragged(event, false), drop: (event) => this.dropped(event) };
    for (const [type, listener] of Object.entries(this.drag)) document.addEventListener(type, listener);
    this.stops = [on("channel", () => this.changeChannel()), on("state", () => this.paint()), on("commands", () => this.refresh()), on("open-command", (name) => this.openNamed(name)),
      on("channels", () => this.paint()), on("reply", (message) => this.answer(message)), on("mention", (member) => this.insert(`@${member.name} `)), this.reply.stop];
  }

  destroy() {
    for (const [type, listener] of Object.entries(this.drag)) document.removeEventListener(type, listener);
    for (const stop of this.stops) stop();
    this.voice.destroy();
  }

  focus() {
    if (this.form) this.form.focus();
    else this.input.focus();
  }

  paint() {
    const channel = store.channels.get(store.channelId);
    const name = channel ? `${isThread(channel) || channel.type === CHANNEL.DM ? "" : "#"}${channelName(channel)}` : "";
    this.input.placeholder = window.innerWidth < 500 ? t("slashHint") : `${t("placeholder", { channel: name })} – ${t("slashHint")}`;
    this.input.setAttribute("aria-label", t("placeholder", { channel: name }));
    const closed = !channel || channel.can_write === false;
    if (channel && closed) this.input.placeholder = t(channel.locked ? "threadLocked" : "readOnly");
    this.note.textContent = channel?.archived && !closed ? t("threadArchived") : "";
    this.input.disabled = closed;
    this.attach.disabled = closed;
    this.voice.button.disabled = closed;
  }

  changeChannel() {
    if (this.draftChannel) this.drafts.set(this.draftChannel, this.input.value);
    this.draftChannel = store.channelId;
    this.voice.close();
    if (this.form) this.leave();
    this.reply.clear();
    this.setText(this.drafts.get(store.channelId) ?? "");
    this.error.textContent = "";
    this.suggestions.hide();
    this.paint();
  }

  setText(text) {
    this.input.value = text;
    this.grow.dataset.value = text;
    const over = text.length - LONGEST;
    fill(this.counter, over > -200 ? String(-over) : "");
    this.counter.classList.toggle("over", over > 0);
  }

  complain(text) {
    this.error.textContent = text;
  }

  /** Text changed: a command typed in full opens its form, a beginning of one the list. */
  typed() {
    const text = this.input.value;
    this.setText(text);
    this.complain("");
    const typed = fromText(text);
    if (typed) {
      this.openForm(typed.entry, splitOptions(typed.entry, typed.rest));
      return;
    }
    if (!text.startsWith("/") || text.includes("\n")) {
      this.suggestMention();
      if (text) this.tellTyping();
      return;
    }
    const commands = search(text.slice(1));
    this.suggestions.show(this.input, {
      heading: commands.length ? t("commands") : "", note: commands.length ? "" : t("noCommand"),
      items: commands.map((entry) => ({ label: `/${entry.name}`, description: entry.description, hint: bot().name, value: entry })),
      choose: (item) => this.openForm(item.value),
    });
  }

  /** The members whose names begin like what follows the @ before the caret. */
  suggestMention() {
    const mention = mentionAt(this.input.value, this.input.selectionStart);
    if (!mention) {
      this.suggestions.hide();
      return;
    }
    this.suggestions.show(this.input, {
      heading: t("members"),
      items: found(mention.query).slice(0, 10).map((member) => ({ label: member.name, color: member.color, hint: member.bot ? t("appTag") : "", value: member })),
      choose: (item) => this.insert(`@${item.value.name} `, mention.start),
    });
  }

  /** Puts text where the caret is, in place of what stands there since `start`. */
  insert(text, start = this.input.selectionStart) {
    if (this.form) this.leave();
    const { value, selectionEnd } = this.input;
    this.setText(value.slice(0, start) + text + value.slice(selectionEnd));
    this.input.focus();
    this.input.setSelectionRange(start + text.length, start + text.length);
    this.suggestions.hide();
  }

  answer(message) {
    if (String(message.channel_id) !== store.channelId) return;
    if (this.form) this.leave();
    this.reply.begin(message);
  }

  /** New commands while the list of them is open. */
  refresh() {
    if (!this.form && document.activeElement === this.input && this.input.value.startsWith("/")) this.typed();
  }

  tellTyping() {
    if (Date.now() < (this.toldTyping ?? 0) + TYPING_EVERY_MS) return;
    this.toldTyping = Date.now();
    api.typing(store.channelId).catch(() => {});
  }

  openNamed(name) {
    const entry = entries().find((one) => one.rawName === name || one.name === name);
    if (entry) this.openForm(entry);
  }

  openForm(entry, values = []) {
    this.suggestions.hide();
    this.voice.close();
    this.setText("");
    this.complain("");
    this.form = new CommandForm(entry, this);
    fill(this.body, this.form.element);
    this.attach.hidden = true;
    this.voice.button.hidden = true;
    this.form.fill(values);
    // Files chosen before the command was typed are meant for it.
    this.files = this.files.filter((file) => !this.form.takeFile(file));
    this.paintTray();
    this.form.focus();
  }

  /** Back to plain text; what was written comes again with the up arrow. */
  leave() {
    const focused = this.element.contains(document.activeElement) || document.activeElement === document.body;
    if (this.form?.fields.some((field) => field.text)) this.last = this.form.snapshot();
    this.form = null;
    this.voice.close();
    fill(this.body, this.grow);
    this.attach.hidden = false;
    this.voice.button.hidden = false;
    this.suggestions.hide();
    this.complain("");
    if (focused) this.input.focus();
  }

  key(event) {
    if (event.isComposing || this.suggestions.key(event)) return;
    const item = this.suggestions.current();
    const plain = !event.shiftKey && !event.ctrlKey && !event.altKey;
    if ((event.key === "Enter" && plain) || (event.key === "Tab" && plain && item)) {
      event.preventDefault();
      if (item) this.suggestions.choose(item);
      else this.send();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.input.value.startsWith("/")) this.setText("");
      else if (!item) this.reply.clear();
      this.suggestions.hide();
    } else if (event.key === "ArrowUp" && plain && !this.input.value && this.last) {
      event.preventDefault();
      const entry = entries().find((one) => one.rawName === this.last.name);
      if (entry) this.openForm(entry, this.last.values);
    }
  }

  async send() {
    if (this.busy || !store.channelId) return;
    this.busy = true;
    try {
      if (await this.voice.settle()) await (this.form ? this.sendCommand() : this.sendText());
    } catch (error) {
      this.complain(reasonOf(error));
    } finally {
      this.busy = false;
    }
  }

  async sendText() {
    const content = encode(this.input.value.trim());
    if (!content && !this.files.length) return;
    if (content.startsWith("/") && !content.includes("\n")) {
      this.suggestions.hide();
      this.complain(t("noCommand"));
      return;
    }
    if (content.length > LONGEST) {
      this.complain(t("tooLong", { count: content.length - LONGEST }));
      return;
    }
    await api.sendMessage(store.channelId, { content, ...this.reply.payload() }, this.files);
    this.reply.clear();
    this.files = [];
    this.paintTray();
    this.setText("");
  }

  async sendCommand() {
    const { form } = this;
    const channelId = store.channelId;
    const problem = form.check();
    this.complain(problem ?? "");
    if (problem) return;
    const files = [];
    await interact(form.payload(files), files, outcome(channelId, form.entry.rawName));
    this.last = form.snapshot();
    if (this.form === form) this.leave();
  }

  addFiles(list) {
    const limit = store.fileLimit;
    for (const file of list) {
      if (file.size > limit) this.complain(t("fileTooLarge", { name: file.name, limit: fileSize(limit) }));
      else if (!this.form?.takeFile(file) && this.files.length < MOST_FILES) this.files.push(file);
    }
    this.paintTray();
    this.focus();
  }

  paintTray() {
    fill(this.tray, this.files.map((file, index) => h("li", {}, icon("file"), h("span", {}, file.name), h("span", { class: "file-size" }, fileSize(file.size)),
      iconButton("close", t("removeFile", { name: file.name }), () => {
        this.files.splice(index, 1);
        this.paintTray();
        this.focus();
      }))));
    this.tray.hidden = !this.files.length;
  }

  dragged(event, over) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.element.classList.toggle("dragging", over && !document.querySelector("dialog[open]"));
  }

  dropped(event) {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    this.element.classList.remove("dragging");
    if (!document.querySelector("dialog[open]")) this.addFiles(event.dataTransfer.files);
  }
}
