/** A command being written: its name, the chips of its options, what is still missing, and the keys. */

import { OPTION, optionNamed } from "./command_index.js";
import { h, iconButton } from "./dom.js";
import { INTERACTION, interact } from "./interactions.js";
import { OptionField } from "./option_field.js";
import { store } from "./store.js";
import { localized, t } from "./texts.js";

/** So long a pause in typing before the bot is asked for suggestions. */
const DEBOUNCE_MS = 250;

export class CommandForm {
  /**
   * @param {import("./command_index.js").Entry} entry
   * @param {{suggestions: object, leave: function(), send: function(), complain: function(string)}} composer
   */
  constructor(entry, composer) {
    this.entry = entry;
    this.composer = composer;
    this.fields = [];
    this.asked = 0;
    this.more = h("input", { type: "text", class: "option-more", autocomplete: "off", spellcheck: "false", "aria-label": t("optionalOptions") });
    this.chips = h("div", { class: "chips" });
    this.element = h("div", { class: "command-form", role: "group", "aria-label": `/${entry.name}` },
      h("span", { class: "command-name" }, `/${entry.name}`), this.chips, iconButton("close", t("leaveCommand"), () => composer.leave(), { class: "icon-button command-leave" }));
    this.chips.append(this.more);
    for (const option of entry.options) if (option.required) this.add(option);
    composer.suggestions.attach(this.more);
    this.more.addEventListener("focus", () => this.suggestMore());
    this.more.addEventListener("input", () => this.typedMore());
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("focusout", (event) => {
      if (!this.element.contains(event.relatedTarget)) composer.suggestions.hide();
    });
    this.paintMore();
  }

  /** Adds the chip of an option. */
  add(option) {
    const field = new OptionField(option, this);
    if (!option.required) field.removable();
    this.fields.push(field);
    this.more.before(field.element);
    if (option.type !== OPTION.ATTACHMENT) this.composer.suggestions.attach(field.input);
    field.input.addEventListener("focus", () => this.suggest(field));
    this.paintMore();
    return field;
  }

  remove(field) {
    this.fields = this.fields.filter((other) => other !== field);
    field.element.remove();
    this.paintMore();
    this.more.focus();
  }

  /** Puts texts into options: from a typed line or from what was sent before. */
  fill(values) {
    for (const { option, text, file } of values) {
      const field = this.fields.find((one) => one.option.name === option.name) ?? this.add(option);
      if (file) field.take(file);
      else field.setText(text);
    }
    this.composer.suggestions.hide();
  }

  /** What is written, for using it again. */
  snapshot() {
    return { name: this.entry.rawName, values: this.fields.map((field) => ({ option: field.option, text: field.text, file: field.file })) };
  }

  /** The first option that still wants something, else the end of the line. */
  focus() {
    (this.fields.find((field) => field.option.required && !field.text)?.input ?? this.fields.find((field) => !field.text)?.input ?? this.more).focus();
  }

  remaining() {
    return this.entry.options.filter((option) => !this.fields.some((field) => field.option === option));
  }

  paintMore() {
    const count = this.remaining().length;
    this.more.placeholder = count ? t("optional", { count }) : "";
    this.more.classList.toggle("nothing-more", !count);
  }

  /** Opens the recorder for a file option. */
  record(field) {
    const use = (file) => {
      field.take(file);
      field.input.focus();
    };
    this.composer.voice.record({ label: t("recordUse"), use });
  }

  /** A file dropped on the composer goes to the first free attachment option. */
  takeFile(file) {
    const free = this.fields.find((field) => field.option.type === OPTION.ATTACHMENT && !field.file);
    const option = this.remaining().find((one) => one.type === OPTION.ATTACHMENT);
    const last = this.fields.findLast((field) => field.option.type === OPTION.ATTACHMENT);
    const field = free ?? (option ? this.add(option) : last);
    field?.take(file);
    return Boolean(field);
  }

  changed(field) {
    field.clear();
    this.composer.complain("");
    if (this.jumpToNamed(field)) return;
    this.suggest(field);
  }

  /** Typing "seed:" at the end of another option opens that option, as on Discord. */
  jumpToNamed(field) {
    if (field.option.type !== OPTION.STRING) return false;
    const match = /^([^]*?)(?:^|\s)([^\s:]+):$/u.exec(field.input.value);
    const option = match && optionNamed([...this.remaining(), field.option], match[2]);
    if (!option || (option === field.option && match[1])) return false;
    field.setText(match[1].trim());
    if (option !== field.option) this.add(option).input.focus();
    return true;
  }

  suggest(field) {
    const { option } = field;
    if (option.autocomplete) this.ask(field);
    const items = field.items();
    let note = "";
    if (option.autocomplete && !field.remote) note = t(field.failed ? "autocompleteFailed" : "searching");
    else if (!items.length && (field.closed || (option.autocomplete && field.text))) note = t("noChoices");
    // Free text with suggestions stays free: Enter takes one only after an arrow key.
    const free = option.autocomplete && option.type === OPTION.STRING;
    this.composer.suggestions.show(field.input, {
      heading: [h("strong", {}, field.name), " ", localized(option, "description")],
      note, items, active: free ? -1 : Math.max(0, items.findIndex((item) => item.value === field.picked?.value)),
      choose: (item) => this.choose(field, item),
    });
  }

  choose(field, item) {
    field.pick(item);
    this.focusAfter(field);
  }

  focusAfter(field) {
    const next = this.fields.slice(this.fields.indexOf(field) + 1).find((other) => !other.text);
    (next?.input ?? this.more).focus();
  }

  suggestMore() {
    const wanted = this.more.value.trim().toLowerCase();
    const items = this.remaining()
      .map((option) => ({ label: localized(option, "name"), description: localized(option, "description"), value: option }))
      .filter((item) => item.label.toLowerCase().startsWith(wanted) || item.value.name.startsWith(wanted));
    this.composer.suggestions.show(this.more, {
      heading: this.remaining().length ? t("optionalOptions") : t("noMoreOptions"),
      items, active: wanted ? 0 : -1, choose: (item) => this.chooseMore(item.value),
    });
  }

  typedMore() {
    const option = this.more.value.endsWith(":") && optionNamed(this.remaining(), this.more.value.slice(0, -1).trim());
    if (option) this.chooseMore(option);
    else this.suggestMore();
  }

  chooseMore(option) {
    this.more.value = "";
    this.add(option).input.focus();
  }

  /** Asks the bot for suggestions after a pause; a late answer to an older text is dropped. */
  ask(field) {
    const text = field.text;
    if (field.askedText === text) return;
    field.askedText = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      this.asked += 1;
      const number = this.asked;
      try {
        const answer = await interact({ ...this.payload([], field), type: INTERACTION.AUTOCOMPLETE });
        field.failed = false;
        if (number === this.asked) field.remote = (answer?.choices ?? []).map((choice) => ({ label: localized(choice, "name"), value: choice.value }));
      } catch {
        field.failed = true;
      }
      if (number === this.asked && document.activeElement === field.input) this.suggest(field);
    }, field.remote ? DEBOUNCE_MS : 0);
  }

  /** The first sentence of what is wrong, with its chip focused; null if all is well. */
  check() {
    const wrong = this.fields.filter((field) => field.check());
    if (!wrong.length) return null;
    wrong[0].input.focus();
    return wrong.map((field) => field.problem()).join(" ");
  }

  /**
   * The interaction for the server; subcommands wrap the options.
   * @param {File[]} files collects the attachments
   * @param {OptionField} [focused] the option being completed
   */
  payload(files, focused = null) {
    let options = this.fields.map((field) => {
      const result = field.result(files, Boolean(focused));
      if (field !== focused) return result;
      return { name: field.option.name, type: field.option.type, value: field.text, focused: true };
    }).filter(Boolean);
    for (const step of [...this.entry.path].reverse()) options = [{ ...step, options }];
    return { type: INTERACTION.COMMAND, channel_id: store.channelId, command_id: this.entry.command.id, name: this.entry.command.name, options };
  }

  key(event) {
    if (event.isComposing || this.composer.suggestions.key(event)) return;
    const field = this.fields.find((one) => one.input === event.target);
    const inside = field || event.target === this.more;
    if (!inside && event.key !== "Escape") return;
    const act = { Enter: () => this.enter(field, event), Tab: () => this.tab(field, event), Escape: () => this.composer.leave(), Backspace: () => this.back(field), ArrowLeft: () => this.sideways(event, -1), ArrowRight: () => this.sideways(event, 1) }[event.key];
    if (act && act() !== false) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  enter(field, event) {
    // Enter on the file button opens the file dialog as long as there is no file.
    if (field?.picker && !field.file) return false;
    if (event.shiftKey) return undefined;
    const item = this.composer.suggestions.current();
    if (item && !(field?.picked && field.picked.value === item.value)) return this.composer.suggestions.choose(item);
    return this.composer.send();
  }

  tab(field, event) {
    const { suggestions } = this.composer;
    if (event.shiftKey || !suggestions.items.length) return false;
    if (!field) return this.more.value || suggestions.moved ? suggestions.choose(suggestions.current() ?? suggestions.items[0]) : false;
    if (field.picked || !(field.text || suggestions.moved || field.option.required)) return false;
    return suggestions.choose(suggestions.current() ?? suggestions.items[0]);
  }

  back(field) {
    if (field ? field.input.value || field.file : this.more.value) return false;
    const at = field ? this.fields.indexOf(field) : this.fields.length;
    if (field && !field.option.required) this.remove(field);
    const before = this.fields[at - 1];
    if (before) before.input.focus();
    else if (!field?.option.required || at === 0) this.composer.leave();
    return undefined;
  }

  sideways(event, step) {
    const input = event.target;
    const caret = input.selectionStart;
    if (input.tagName !== "BUTTON" && (caret !== input.selectionEnd || caret !== (step < 0 ? 0 : input.value.length))) return false;
    const all = [...this.fields.map((field) => field.input), this.more];
    const next = all[all.indexOf(input) + step];
    if (!next) return false;
    next.focus();
    return undefined;
  }
}
