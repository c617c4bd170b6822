/** What can be done with one message: commands of its context menu, and deleting it. */

import { api } from "./api.js";
import { h, iconButton } from "./dom.js";
import { INTERACTION, interact, reasonOf } from "./interactions.js";
import { outcome } from "./placeholders.js";
import { channelOf, store } from "./store.js";
import { localized, t } from "./texts.js";

/** Type of application commands that are about a message. */
const ON_MESSAGE = 3;

function actions(message, showError) {
  const found = store.commands.filter((command) => command.type === ON_MESSAGE)
    .map((command) => ({ label: localized(command, "name"), run: () => runCommand(command, message) }));
  const mine = String(message.author?.id) === store.me.id;
  if (mine || channelOf(message)?.can_manage) {
    found.push({ label: t("deleteMessage"), danger: true, run: () => api.deleteMessage(message.channel_id, message.id) });
  }
  return found.map((action) => ({ ...action, run: () => Promise.resolve(action.run()).catch((error) => showError(reasonOf(error))) }));
}

function runCommand(command, message) {
  const payload = { type: INTERACTION.COMMAND, channel_id: message.channel_id, command_id: command.id, name: command.name, target_id: message.id, options: [] };
  return interact(payload, [], outcome(String(message.channel_id), command.name));
}

/** The button that opens the menu, or null where there is nothing to do. */
export function menuButton(message, showError) {
  if (!actions(message, showError).length) return null;
  const button = iconButton("dots", t("moreActions"), () => open(button, actions(message, showError)), { "aria-haspopup": "menu" });
  return button;
}

function open(button, list) {
  const menu = h("div", { class: "message-menu", popover: "auto", role: "menu" }, list.map((action) => h("button", {
    type: "button", role: "menuitem", class: action.danger ? "danger" : null, on: { click: () => { menu.hidePopover(); action.run(); } },
  }, action.label)));
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...menu.children];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "closed") menu.remove();
  });
  button.after(menu);
  menu.showPopover();
  const box = button.getBoundingClientRect();
  menu.style.left = `${Math.max(8, box.right - menu.offsetWidth)}px`;
  menu.style.top = `${Math.max(8, Math.min(box.bottom + 4, window.innerHeight - menu.offsetHeight - 8))}px`;
  menu.firstElementChild.focus();
}
