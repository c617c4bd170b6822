/** A menu that opens at a button or at the pointer: arrow keys move, Escape shuts it. */

import { h } from "./dom.js";

/**
 * @typedef {object} Action
 * @property {string} label
 * @property {function()} run
 * @property {boolean} [danger]
 * @property {string} [group] heading that this action and the following ones of the same group stand under
 */

/**
 * @param {HTMLElement} owner the menu becomes its neighbour, and it gets the focus back
 * @param {Action[]} actions
 * @param {{x: number, y: number}} [point] where to open; without it below `owner`
 */
export function openMenu(owner, actions, point) {
  const menu = h("div", { class: "message-menu", popover: "auto", role: "menu" });
  let group;
  let place = menu;
  for (const action of actions) {
    if (action.group !== group) {
      group = action.group;
      place = group ? h("div", { class: "menu-group", role: "group", "aria-label": group }, h("div", { class: "menu-heading", "aria-hidden": "true" }, group)) : menu;
      if (group) menu.append(place);
    }
    place.append(h("button", { type: "button", role: "menuitem", class: action.danger ? "danger" : null, on: { click: () => { menu.hidePopover(); action.run(); } } }, action.label));
  }
  menu.addEventListener("keydown", (event) => move(event, [...menu.querySelectorAll("[role=menuitem]")]));
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "closed") menu.remove();
  });
  owner.after(menu);
  menu.showPopover();
  const box = owner.getBoundingClientRect();
  const { x, y } = point ?? { x: box.right - menu.offsetWidth, y: box.bottom + 4 };
  menu.style.left = `${Math.max(8, Math.min(x, window.innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, window.innerHeight - menu.offsetHeight - 8))}px`;
  menu.querySelector("[role=menuitem]").focus();
}

function move(event, items) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const end = { Home: 0, End: items.length - 1 }[event.key];
  if (step === undefined && end === undefined) return;
  event.preventDefault();
  items[end ?? (items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
}
