/** One option of a command being written: its chip, its suggestions, its check and its value. */

import { OPTION } from "./command_index.js";
import { h, icon, iconButton, uniqueId } from "./dom.js";
import { recordButton } from "./recorder.js";
import { CHANNEL, channelName, isThread, store } from "./store.js";
import { fileSize, localized, t } from "./texts.js";

const LONGEST = 6000;

export class OptionField {
  /**
   * @param {object} option Discord's command option
   * @param {{remove: function(OptionField), changed: function(OptionField)}} form
   */
  constructor(option, form) {
    this.option = option;
    this.form = form;
    this.name = localized(option, "name");
    /** The choice taken from a list: {label, value}. */
    this.picked = null;
    this.file = null;
    /** Suggestions of the bot: null before the first request. */
    this.remote = null;
    this.element = h("div", { class: "option", data: { option: option.name } });
    const id = uniqueId("option");
    this.element.append(h("label", { class: "option-name", for: id }, this.name, option.required ? h("span", { class: "hidden-visually" }, ` (${t("required")})`) : null));
    if (option.type === OPTION.ATTACHMENT) this.buildFile(id);
    else this.buildText(id);
  }

  buildText(id) {
    this.input = h("textarea", { id, rows: 1, cols: 1, maxlength: LONGEST, autocomplete: "off", spellcheck: "false", "aria-required": String(Boolean(this.option.required)), "aria-description": localized(this.option, "description") });
    this.grow = h("div", { class: "grow" }, this.input);
    this.input.addEventListener("input", () => {
      // Options are one line on Discord; a pasted paragraph becomes one.
      if (this.input.value.includes("\n")) this.input.value = this.input.value.replace(/\s*\n\s*/gu, " ");
      this.picked = null;
      this.grow.dataset.value = this.input.value;
      this.form.changed(this);
    });
    this.element.append(this.grow);
  }

  buildFile(id) {
    this.picker = h("input", { type: "file", class: "hidden-visually", tabindex: "-1", "aria-hidden": "true" });
    this.input = h("button", { type: "button", id, class: "option-file" }, icon("file"), h("span", {}, t(window.innerWidth < 500 ? "chooseFileShort" : "chooseFile")));
    this.input.addEventListener("click", () => this.picker.click());
    this.picker.addEventListener("change", () => this.picker.files[0] && this.take(this.picker.files[0]));
    const record = recordButton(t("recordFor", { option: this.name }), () => this.form.record(this), { class: "icon-button option-record" });
    this.element.append(this.input, this.picker, record);
  }

  /** Takes a file that was chosen or dropped. */
  take(file) {
    this.file = file;
    this.input.replaceChildren(icon("file"), h("span", {}, file.name), h("span", { class: "file-size" }, fileSize(file.size)));
    this.form.changed(this);
  }

  /** Shows that this option can be taken away again. */
  removable() {
    this.element.append(iconButton("close", t("removeOption", { option: this.name }), () => this.form.remove(this), { class: "icon-button option-remove", tabindex: "-1" }));
    return this;
  }

  get text() {
    return this.option.type === OPTION.ATTACHMENT ? (this.file?.name ?? "") : this.input.value.trim();
  }

  setText(text) {
    if (this.option.type === OPTION.ATTACHMENT) return;
    this.input.value = text;
    this.grow.dataset.value = text;
    const wanted = text.trim().toLowerCase();
    this.picked = this.local()?.find((item) => item.label.toLowerCase() === wanted || String(item.value).toLowerCase() === wanted) ?? null;
    if (this.picked) this.pick(this.picked);
  }

  /** Takes a suggestion. */
  pick(item) {
    this.picked = item;
    this.input.value = item.label;
    this.grow.dataset.value = item.label;
    this.clear();
  }

  /** Whether the value must come from a list. */
  get closed() {
    const { option } = this;
    return Boolean(option.choices?.length) || [OPTION.BOOLEAN, OPTION.USER, OPTION.CHANNEL, OPTION.ROLE, OPTION.MENTIONABLE].includes(option.type);
  }

  /** All entries this page knows by itself; null if there are none to choose from. */
  local() {
    const { option } = this;
    const users = () => [...store.members.values()].map((member) => ({ label: member.name, value: member.id, color: member.color }));
    const roles = () => [...store.roles.values()].map((role) => ({ label: `@${role.name}`, value: String(role.id) }));
    if (option.choices?.length) return option.choices.map((choice) => ({ label: localized(choice, "name"), value: choice.value }));
    switch (option.type) {
      case OPTION.BOOLEAN: return [{ label: t("yes"), value: true }, { label: t("no"), value: false }];
      case OPTION.USER: return users();
      case OPTION.ROLE: return roles();
      case OPTION.MENTIONABLE: return [...users(), ...roles()];
      case OPTION.CHANNEL: return [...store.channels.values()]
        .filter((channel) => channel.type !== CHANNEL.DM && (option.channel_types?.length ? option.channel_types.includes(channel.type) : channel.type !== CHANNEL.CATEGORY))
        .map((channel) => ({ label: channelName(channel), value: String(channel.id), sign: isThread(channel) ? "thread" : "hash" }));
      default: return null;
    }
  }

  /** Suggestions for what is written so far. */
  items() {
    if (this.option.autocomplete) return this.remote ?? [];
    const all = this.local() ?? [];
    const wanted = this.picked ? "" : this.text.toLowerCase();
    return all.filter((item) => item.label.toLowerCase().includes(wanted) || String(item.value).toLowerCase() === wanted);
  }

  /** The sentence of what is wrong, or null. */
  problem() {
    const { option, text, name } = this;
    if (!text) return option.required ? t("optionRequired", { option: name }) : null;
    if (option.type === OPTION.ATTACHMENT) return null;
    if (this.closed) return this.picked ? null : t("optionChoice", { option: name });
    if (option.type === OPTION.INTEGER || option.type === OPTION.NUMBER) return this.numberProblem();
    if (option.min_length && text.length < option.min_length) return t("optionShort", { option: name, limit: option.min_length });
    if (option.max_length && text.length > option.max_length) return t("optionLong", { option: name, limit: option.max_length });
    return null;
  }

  numberProblem() {
    const { option, name } = this;
    const value = this.number();
    if (option.type === OPTION.INTEGER && !Number.isSafeInteger(value)) return t("optionInteger", { option: name });
    if (!Number.isFinite(value)) return t("optionNumber", { option: name });
    if (value < (option.min_value ?? -Infinity)) return t("optionMin", { option: name, limit: option.min_value });
    if (value > (option.max_value ?? Infinity)) return t("optionMax", { option: name, limit: option.max_value });
    return null;
  }

  /** A decimal comma is as good as a point. */
  number() {
    if (this.picked) return Number(this.picked.value);
    return /^[-+]?\d*[.,]?\d+$/u.test(this.text) ? Number(this.text.replace(",", ".")) : NaN;
  }

  /** Marks the chip and returns the sentence, or takes the mark away. */
  check() {
    const problem = this.problem();
    this.element.classList.toggle("wrong", Boolean(problem));
    this.input.setAttribute("aria-invalid", String(Boolean(problem)));
    return problem;
  }

  clear() {
    this.element.classList.remove("wrong");
    this.input.removeAttribute("aria-invalid");
  }

  /**
   * The option as the server wants it, or null if nothing was written.
   * @param {File[]} files collects attachments; their value is their place in it
   * @param {boolean} [unchecked] for autocomplete, where half a value is normal
   */
  result(files, unchecked = false) {
    const { option } = this;
    if (!this.text) return null;
    let value = this.text;
    if (option.type === OPTION.ATTACHMENT) value = files.push(this.file) - 1;
    else if (this.picked) value = this.picked.value;
    else if (this.closed) return null;
    else if ([OPTION.INTEGER, OPTION.NUMBER].includes(option.type)) {
      if (unchecked && !Number.isFinite(this.number())) return null;
      value = this.number();
    }
    return { name: option.name, type: option.type, value };
  }
}
