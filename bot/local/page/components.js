/** Components of a message: rows of buttons and selects, and the layout components (containers, sections …). */

import { attachmentList, imageGrid, mediaUrl } from "./attachments.js";
import { cssColor, h, icon } from "./dom.js";
import { INTERACTION, interact, reasonOf } from "./interactions.js";
import { markdown } from "./markdown.js";
import { SELECT, selectMenu } from "./select_menu.js";
import { t } from "./texts.js";

export const COMPONENT = {
  ACTION_ROW: 1, BUTTON: 2, TEXT_INPUT: 4, SECTION: 9, TEXT_DISPLAY: 10, THUMBNAIL: 11, MEDIA_GALLERY: 12, FILE: 13,
  SEPARATOR: 14, CONTAINER: 17, LABEL: 18, FILE_UPLOAD: 19,
  RADIO_GROUP: 21, CHECKBOX_GROUP: 22, CHECKBOX: 23,
};
const BUTTON_STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

/**
 * @param {Array<object>} components
 * @param {object} message the message that carries them
 * @param {function(string)} showError tells the person below the message what went wrong
 */
export function componentList(components, message, showError) {
  return h("div", { class: "components" }, components.map((component) => view(component, message, showError)));
}

function view(component, message, showError) {
  const inner = () => (component.components ?? []).map((child) => view(child, message, showError));
  switch (component.type) {
    case COMPONENT.ACTION_ROW: return h("div", { class: "action-row" }, inner());
    case COMPONENT.BUTTON: return button(component, message, showError);
    case COMPONENT.TEXT_DISPLAY: return h("div", { class: "markdown text-display" }, markdown(component.content));
    case COMPONENT.SECTION: return h("div", { class: "section" }, h("div", {}, inner()), component.accessory && view(component.accessory, message, showError));
    case COMPONENT.THUMBNAIL: return thumbnail(component, message);
    case COMPONENT.MEDIA_GALLERY: return gallery(component, message);
    case COMPONENT.FILE: return attachmentList([fileOf(component.file, message)]);
    case COMPONENT.SEPARATOR: return component.divider === false ? h("div", { class: "gap" }) : h("hr", { class: "separator" });
    case COMPONENT.CONTAINER: return container(component, inner());
    default: return Object.values(SELECT).includes(component.type) ? select(component, message, showError) : null;
  }
}

function container(component, children) {
  const element = h("div", { class: "container" }, children);
  const color = cssColor(component.accent_color);
  if (color) element.style.borderInlineStartColor = color;
  return element;
}

/** The attachment behind an unfurled media item, so that size and alternative text are known. */
function fileOf(media, message, description) {
  const src = mediaUrl(media?.url, message.attachments);
  const known = (message.attachments ?? []).find((file) => mediaUrl(file.url) === src);
  return { filename: media?.url?.split("/").at(-1) ?? "", ...media, ...known, url: src ?? "", description: description || known?.description };
}

function gallery(component, message) {
  return imageGrid((component.items ?? []).map((item) => ({ ...fileOf(item.media, message, item.description), spoiler: item.spoiler })));
}

function thumbnail(component, message) {
  const grid = imageGrid([fileOf(component.media, message, component.description)]);
  grid.classList.add("thumbnail");
  return grid;
}

/** Sends a press or choice; the control is busy until the bot has answered. */
async function send(component, message, values, control, showError) {
  if (control.getAttribute("aria-busy") === "true") return;
  control.setAttribute("aria-busy", "true");
  showError("");
  const free = () => control.removeAttribute("aria-busy");
  const outcome = {
    done: free,
    failed: () => {
      free();
      showError(t("interactionFailed"));
    },
  };
  const payload = { type: INTERACTION.COMPONENT, channel_id: message.channel_id, message_id: message.id, custom_id: component.custom_id, component_type: component.type };
  if (values) payload.values = values;
  try {
    await interact(payload, [], outcome);
  } catch (error) {
    free();
    showError(reasonOf(error));
  }
}

function button(component, message, showError) {
  const style = BUTTON_STYLES[component.style] ?? "secondary";
  const emoji = component.emoji?.name && h("span", { class: "emoji" }, component.emoji.id ? `:${component.emoji.name}:` : component.emoji.name);
  const label = component.label && h("span", {}, component.label);
  if (style === "link" && /^https?:/iu.test(component.url ?? "")) {
    return h("a", { class: "button link", href: component.url, target: "_blank", rel: "noopener noreferrer", title: t("linkAway") }, emoji, label, icon("window"));
  }
  const element = h("button", { type: "button", class: `button ${style}`, disabled: component.disabled, data: { customId: component.custom_id ?? "" }, "aria-label": component.label ? null : component.emoji?.name }, emoji, label, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")));
  element.addEventListener("click", () => send(component, message, null, element, showError));
  return element;
}

function select(component, message, showError) {
  const menu = selectMenu(component, { onChange: (values) => send(component, message, values, menu.element, showError) });
  menu.element.dataset.customId = component.custom_id;
  return menu.element;
}
