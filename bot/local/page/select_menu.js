/** A select menu: a button that opens a listbox, for one value or several; used in messages and forms. */

import { avatar, fill, h, icon, uniqueId } from "./dom.js";
import { CHANNEL, channelName, store } from "./store.js";
import { t } from "./texts.js";

export const SELECT = { STRING: 3, USER: 5, ROLE: 6, MENTIONABLE: 7, CHANNEL: 8 };

/** All entries of a select: its own options, or people, roles and channels. */
function entriesOf(component) {
  const users = () => [...store.members.values()].map((member) => ({ value: member.id, label: member.name, color: member.color }));
  const roles = () => [...store.roles.values()].map((role) => ({ value: String(role.id), label: `@${role.name}` }));
  const channels = () => [...store.channels.values()]
    .filter((channel) => channel.type !== CHANNEL.DM && (!component.channel_types?.length || component.channel_types.includes(channel.type)))
    .map((channel) => ({ value: String(channel.id), label: `#${channelName(channel)}` }));
  switch (component.type) {
    case SELECT.USER: return users();
    case SELECT.ROLE: return roles();
    case SELECT.MENTIONABLE: return [...users(), ...roles()];
    case SELECT.CHANNEL: return channels();
    default: return component.options ?? [];
  }
}

/**
 * @param {object} component Discord's select component
 * @param {{onChange: function(string[]), label?: string, labelledBy?: string}} settings `onChange` runs when
 *   the list closes with another choice than before
 * @returns {{element: HTMLElement, values: function(): string[]}}
 */
export function selectMenu(component, { onChange, label, labelledBy }) {
  const entries = entriesOf(component);
  const most = component.max_values ?? 1;
  const least = component.min_values ?? 1;
  const preset = component.default_values?.map((value) => String(value.id)) ?? entries.filter((entry) => entry.default).map((entry) => entry.value);
  let chosen = new Set(preset);
  let before = [...chosen];
  let active = 0;
  const listId = uniqueId("select");
  const text = h("span", { class: "select-text" });
  const button = h("button", {
    type: "button", class: "select-button", role: "combobox", "aria-haspopup": "listbox", "aria-expanded": "false",
    "aria-controls": listId, "aria-label": labelledBy ? null : label ?? component.placeholder ?? t("select"),
    "aria-labelledby": labelledBy, disabled: component.disabled,
  }, text, icon("down"));
  const list = h("div", { class: "select-list", id: listId, role: "listbox", popover: "manual", "aria-multiselectable": most > 1 ? "true" : null });
  const element = h("div", { class: "select" }, button, list);

  const label_ = () => {
    const names = entries.filter((entry) => chosen.has(entry.value)).map((entry) => entry.label);
    fill(text, names.length ? names.join(", ") : component.placeholder || t("select"));
    text.classList.toggle("empty", !names.length);
  };
  const paint = () => {
    fill(list, entries.map((entry, index) => h("div", {
      class: index === active ? "select-entry active" : "select-entry", role: "option", id: `${listId}-${index}`,
      "aria-selected": String(chosen.has(entry.value)),
      // The press must not take the focus from the button, which carries the keyboard.
      on: { pointerdown: (event) => event.preventDefault(), click: () => choose(index) },
    },
    entry.color ? avatar(entry.label, entry.color, "small") : null,
    entry.emoji?.name && !entry.emoji.id ? h("span", { class: "emoji" }, entry.emoji.name) : null,
    h("span", { class: "select-names" }, h("span", {}, entry.label), entry.description && h("span", { class: "select-description" }, entry.description)),
    chosen.has(entry.value) ? icon("check", "select-check") : null)));
    if (!entries.length) fill(list, h("div", { class: "select-nothing" }, t("noChoices")));
    button.setAttribute("aria-activedescendant", isOpen() && entries.length ? `${listId}-${active}` : "");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  };
  const isOpen = () => list.matches(":popover-open");
  const open = () => {
    before = [...chosen];
    active = Math.max(0, entries.findIndex((entry) => chosen.has(entry.value)));
    list.showPopover();
    place(button, list);
    button.setAttribute("aria-expanded", "true");
    paint();
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("scroll", away, true);
  };
  const close = (keep = true) => {
    if (!isOpen()) return;
    list.hidePopover();
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("scroll", away, true);
    if (!keep || chosen.size < Math.min(least, 1)) chosen = new Set(before);
    label_();
    if ([...chosen].join() !== before.join()) onChange([...chosen]);
  };
  const outside = (event) => {
    if (!element.contains(event.target)) close();
  };
  const away = (event) => {
    if (!list.contains(event.target)) close();
  };
  const choose = (index) => {
    const { value } = entries[index];
    active = index;
    if (most === 1) {
      const unset = least === 0 && chosen.has(value);
      chosen = new Set(unset ? [] : [value]);
      close();
      return;
    }
    if (chosen.has(value)) chosen.delete(value);
    else if (chosen.size < most) chosen.add(value);
    paint();
    label_();
  };
  button.addEventListener("click", () => (isOpen() ? close() : open()));
  button.addEventListener("keydown", (event) => {
    if (!isOpen()) {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      open();
      return;
    }
    const move = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (move !== undefined) {
      active = Math.max(0, Math.min(entries.length - 1, move));
      paint();
    } else if (event.key === "Enter" || event.key === " ") {
      if (entries.length) choose(active);
    } else if (event.key === "Escape") close(false);
    else if (event.key === "Tab") {
      close();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  label_();
  return { element, values: () => [...chosen] };
}

/** Puts the list below the button, or above it where there is no room. */
function place(button, list) {
  const box = button.getBoundingClientRect();
  const below = window.innerHeight - box.bottom - 12;
  const above = box.top - 12;
  const up = below < 220 && above > below;
  list.style.width = `${box.width}px`;
  list.style.left = `${box.left}px`;
  list.style.maxHeight = `${Math.min(320, up ? above : below)}px`;
  list.style.top = up ? "auto" : `${box.bottom + 4}px`;
  list.style.bottom = up ? `${window.innerHeight - box.top + 4}px` : "auto";
}
