/** The list above the composer: commands, options, choices. The focus stays in the text field it belongs to. */

import { avatar, fill, h, icon, uniqueId } from "./dom.js";

/**
 * @typedef {object} Suggestion
 * @property {string} label
 * @property {string} [description]
 * @property {string} [hint] small text at the right
 * @property {string} [color] an avatar of this colour stands before the label
 * @property {string} [sign] name of an icon before the label
 * @property {any} value
 */

export class Suggestions {
  constructor() {
    this.id = uniqueId("suggestions");
    this.heading = h("div", { class: "suggestions-heading" });
    this.list = h("div", { class: "suggestions-list", role: "listbox", id: this.id });
    this.note = h("div", { class: "suggestions-note", role: "status" });
    this.element = h("div", { class: "suggestions", hidden: true }, this.heading, this.list, this.note);
    this.items = [];
    this.active = -1;
  }

  /** The combobox attributes for a field that uses this list. */
  attach(input) {
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": this.id, "aria-expanded": "false" })) input.setAttribute(name, value);
  }

  /**
   * Shows a list for `input`.
   * @param {HTMLElement} input
   * @param {{heading?: (string|Node|Array), note?: string, items: Suggestion[], active?: number, choose: function(Suggestion)}} content
   */
  show(input, { heading = "", note = "", items, active = 0, choose }) {
    if (this.input && this.input !== input) this.release();
    this.input = input;
    this.items = items;
    this.choose = choose;
    this.moved = false;
    this.active = items.length ? Math.min(active, items.length - 1) : -1;
    fill(this.heading, heading);
    this.heading.hidden = !heading || (Array.isArray(heading) && !heading.length);
    this.note.textContent = note;
    this.note.hidden = !note;
    this.list.setAttribute("aria-label", this.heading.textContent);
    fill(this.list, items.map((item, index) => this.row(item, index)));
    this.list.hidden = !items.length;
    this.element.hidden = this.heading.hidden && !items.length && !note;
    this.mark();
  }

  row(item, index) {
    return h("div", {
      class: "suggestion", role: "option", id: `${this.id}-${index}`,
      on: { pointerdown: (event) => event.preventDefault(), click: () => this.choose(item), pointermove: () => this.activate(index) },
    },
    item.color ? avatar(item.label, item.color, "small") : item.sign ? icon(item.sign) : null,
    h("div", { class: "suggestion-text" }, h("div", { class: "suggestion-label" }, item.label), item.description && h("div", { class: "suggestion-description" }, item.description)),
    item.hint && h("div", { class: "suggestion-hint" }, item.hint));
  }

  activate(index) {
    if (index === this.active) return;
    this.active = index;
    this.mark(false);
  }

  mark(scroll = true) {
    [...this.list.children].forEach((row, index) => {
      row.classList.toggle("active", index === this.active);
      row.setAttribute("aria-selected", String(index === this.active));
    });
    if (scroll) this.list.children[this.active]?.scrollIntoView({ block: "nearest" });
    this.input?.setAttribute("aria-expanded", String(!this.element.hidden && this.items.length > 0));
    if (this.active >= 0) this.input?.setAttribute("aria-activedescendant", `${this.id}-${this.active}`);
    else this.input?.removeAttribute("aria-activedescendant");
  }

  hide() {
    this.element.hidden = true;
    this.items = [];
    this.active = -1;
    this.release();
  }

  release() {
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-activedescendant");
    this.input = null;
  }

  /** The suggestion that Enter would take. */
  current() {
    return this.element.hidden ? null : (this.items[this.active] ?? null);
  }

  /** Moves with the arrow keys; true if the key was used. */
  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 }[event.key];
    if (!step || this.element.hidden || !this.items.length || event.altKey) return false;
    event.preventDefault();
    const count = this.items.length;
    const next = this.active < 0 && step < 0 ? count - 1 : this.active + step;
    this.active = Math.abs(step) > 1 ? Math.max(0, Math.min(count - 1, next)) : (next + count) % count;
    this.moved = true;
    this.mark();
    return true;
  }
}
