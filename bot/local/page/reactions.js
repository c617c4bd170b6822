/** Reactions below a message, and the small picker that adds one. */

import { api } from "./api.js";
import { h, icon } from "./dom.js";
import { reasonOf } from "./interactions.js";
import { apply, store } from "./store.js";
import { t } from "./texts.js";

/** Adds or takes back one's own reaction; shown at once, undone if the server refuses. */
export async function react(message, emoji, present, showError) {
  const event = { channel_id: message.channel_id, message_id: message.id, user_id: store.me.id, emoji: { name: emoji } };
  apply(present ? "REACTION_ADD" : "REACTION_REMOVE", event);
  try {
    await api.react(message.channel_id, message.id, emoji, present);
  } catch (error) {
    apply(present ? "REACTION_REMOVE" : "REACTION_ADD", event);
    showError(reasonOf(error));
  }
}

/** The row of counted reactions. */
export function reactionRow(message, showError) {
  return h("div", { class: "reactions" }, (message.reactions ?? []).map((reaction) => {
    const emoji = reaction.emoji.name;
    return h("button", {
      type: "button", class: reaction.me ? "reaction mine" : "reaction", "aria-pressed": String(Boolean(reaction.me)),
      "aria-label": t(reaction.me ? "reactionMine" : "reaction", { emoji, count: reaction.count }), data: { emoji },
      on: { click: () => react(message, emoji, !reaction.me, showError) },
    }, h("span", { class: "emoji" }, reaction.emoji.id ? `:${emoji}:` : emoji), h("span", {}, String(reaction.count)));
  }), pickerButton(message, showError, "reaction add"));
}

/** The button that opens the picker; arrow keys move inside it, Escape closes it. */
export function pickerButton(message, showError, className) {
  const button = h("button", { type: "button", class: className, "aria-label": t("addReaction"), title: t("addReaction"), "aria-haspopup": "true" }, icon("smile"));
  button.addEventListener("click", () => openPicker(button, (emoji) => react(message, emoji, true, showError)));
  return button;
}

function openPicker(button, choose) {
  const panel = h("div", { class: "emoji-picker", popover: "auto", role: "group", "aria-label": t("addReaction") });
  for (const emoji of store.emoji) {
    panel.append(h("button", { type: "button", "aria-label": emoji, on: { click: () => { panel.hidePopover(); choose(emoji); } } }, emoji));
  }
  panel.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 6, ArrowUp: -6 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...panel.children];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
  panel.addEventListener("toggle", (event) => {
    if (event.newState === "closed") panel.remove();
  });
  button.after(panel);
  panel.showPopover();
  const box = button.getBoundingClientRect();
  panel.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - panel.offsetWidth - 8))}px`;
  panel.style.top = `${Math.max(8, box.top - panel.offsetHeight - 6)}px`;
  panel.firstElementChild.focus();
}
