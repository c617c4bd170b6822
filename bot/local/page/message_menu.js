/** What can be done with a message or a person: answering, commands of their context menus, deleting. */

import { api } from "./api.js";
import { announce, iconButton } from "./dom.js";
import { INTERACTION, interact, reasonOf } from "./interactions.js";
import { openMenu } from "./menu.js";
import { outcome } from "./placeholders.js";
import { channelOf, emit, store } from "./store.js";
import { localized, t } from "./texts.js";

/** Types of application commands that are about a person or a message. */
const ON_USER = 2;
const ON_MESSAGE = 3;

function messageActions(message, showError) {
  const channel = channelOf(message);
  const found = [];
  if (channel?.can_write) found.push({ label: t("reply"), run: () => emit("reply", message) });
  if (message.content) found.push({ label: t("copyText"), run: () => navigator.clipboard.writeText(message.content).then(() => announce(t("copied"))) });
  const mine = String(message.author?.id) === store.me.id;
  const remove = { label: t("deleteMessage"), danger: true, run: () => api.deleteMessage(message.channel_id, message.id) };
  return guarded([...found, ...apps(ON_MESSAGE, String(message.channel_id), message.id), ...(mine || channel?.can_manage ? [remove] : [])], showError);
}

function guarded(actions, showError) {
  return actions.map((action) => ({ ...action, run: () => Promise.resolve(action.run()).catch((error) => showError(reasonOf(error))) }));
}

/** The commands that the bot offers for such a target. */
function apps(type, channelId, targetId) {
  return store.commands.filter((command) => command.type === type).map((command) => ({
    label: localized(command, "name"), group: t("apps"),
    run: () => interact({ type: INTERACTION.COMMAND, channel_id: channelId, command_id: command.id, name: command.name, target_id: targetId, options: [] }, [], outcome(channelId, command.name, type)),
  }));
}

/** The button that opens a message's menu, or null where there is nothing to do. */
export function menuButton(message, showError) {
  if (!messageActions(message, showError).length) return null;
  const button = iconButton("dots", t("moreActions"), () => openMenu(button, messageActions(message, showError)), { "aria-haspopup": "menu" });
  return button;
}

/** A message's menu at the pointer; the browser's own stays for links, pictures, players and selected text. */
export function contextMenu(event, message, button, showError) {
  const own = event.target.closest("a, img, audio, video, input, textarea, [popover]") || !window.getSelection().isCollapsed;
  const actions = own || !button ? [] : messageActions(message, showError);
  if (!actions.length) return;
  event.preventDefault();
  openMenu(button, actions, { x: event.clientX, y: event.clientY });
}

/** A person's menu below their entry. */
export function openMemberMenu(button, member) {
  const mention = { label: t("mention"), run: () => emit("mention", member) };
  openMenu(button, guarded([mention, ...apps(ON_USER, store.channelId, member.id)], announce));
}
