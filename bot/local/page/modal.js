/** A form that the bot opened (Discord's modal): text inputs, labels, selects and file uploads. */

import { COMPONENT } from "./components.js";
import { Countdown, handsIn, phraseInTime } from "./deadline.js";
import { avatar, fill, h, iconButton, openDialog, uniqueId } from "./dom.js";
import { INTERACTION, interact, reasonOf } from "./interactions.js";
import { markdown } from "./markdown.js";
import { choiceField, fileField, textField } from "./modal_fields.js";
import { SELECT, selectMenu } from "./select_menu.js";
import { bot, store } from "./store.js";
import { t } from "./texts.js";

/**
 * Opens a form.
 * @param {{modal_id: string, title: string, custom_id: string, components: Array<object>}} modal
 */
export function openModal(modal) {
  const fields = [];
  const late = h("p", { class: "hidden-visually", role: "status" });
  const phrase = handsIn(modal) ? phraseInTime() : null;
  const countdown = phrase ? new Countdown((text) => { late.textContent = text; }) : null;
  const titleId = uniqueId("modal");
  // The form lies over the words that are to be read, so they are shown again.
  const words = phrase ? h("div", { class: "phrase markdown" }, markdown(phrase.message.content)) : null;
  const body = h("div", { class: "modal-body" }, words, modal.components.map((component) => row(component, fields)));
  const problem = h("p", { class: "form-error", role: "alert" });
  const submit = h("button", { type: "submit", class: "button primary" }, t("submit"));
  const app = bot();
  const form = h("form", { novalidate: true },
    h("header", { class: "modal-head" }, avatar(app.name, app.color), h("div", {}, h("h2", { id: titleId }, modal.title), h("p", {}, t("formFrom", { bot: app.name }))), countdown?.element,
      iconButton("close", t("close"), () => dialog.close())),
    body, late, problem,
    h("footer", { class: "modal-foot" }, h("button", { type: "button", class: "button plain", on: { click: () => dialog.close() } }, t("cancel")), submit));
  const dialog = h("dialog", { class: "modal", "aria-labelledby": titleId }, form);
  dialog.addEventListener("close", () => {
    countdown?.destroy();
    for (const field of fields) field.close?.();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    const wrong = fields.filter((field) => !field.check());
    if (wrong.length) {
      wrong[0].focus();
      return;
    }
    submit.disabled = true;
    problem.textContent = "";
    const failed = (text) => {
      submit.disabled = false;
      problem.textContent = text;
    };
    try {
      await send(modal, fields, { done: () => dialog.close(), failed: () => failed(t("modalFailed")) });
    } catch (error) {
      failed(reasonOf(error));
    }
  });
  openDialog(dialog);
  (body.querySelector("input:not([type=file]), textarea, button") ?? submit).focus();
}

/** The submission mirrors the form's own nesting: rows hold a list, labels hold one component. */
function send(modal, fields, outcome) {
  const files = [];
  const values = new Map(fields.map((field) => [field.component, field.result(files)]));
  const components = modal.components.flatMap((component) => {
    if (component.type === COMPONENT.ACTION_ROW) return [{ type: component.type, id: component.id, components: component.components.map((child) => values.get(child)).filter(Boolean) }];
    if (component.type === COMPONENT.LABEL) return [{ type: component.type, id: component.id, component: values.get(component.component) }];
    return [];
  });
  return interact({ type: INTERACTION.MODAL_SUBMIT, channel_id: store.channelId, modal_id: modal.modal_id, custom_id: modal.custom_id, components }, files, outcome);
}

function row(component, fields) {
  if (component.type === COMPONENT.TEXT_DISPLAY) return h("div", { class: "markdown" }, markdown(component.content));
  if (component.type === COMPONENT.LABEL) return labelled(component.component, component.label, component.description, fields);
  if (component.type === COMPONENT.ACTION_ROW) return component.components.map((child) => labelled(child, child.label ?? child.placeholder ?? "", null, fields));
  return null;
}

/** One field with its label, hint and the place for its error. */
function labelled(component, text, hint, fields) {
  const field = makeField(component);
  const error = h("p", { class: "field-error", id: uniqueId("error") });
  const label = h("label", { id: field.labelId, for: field.inputId }, text, field.required ? h("span", { class: "star", "aria-hidden": "true" }, " *") : null);
  const note = hint ? h("p", { class: "field-hint" }, hint) : null;
  const element = h("div", { class: "field" }, label, note, field.element, error);
  const own = {
    component,
    result: field.result,
    close: field.close,
    focus: () => element.querySelector("input, textarea, button").focus(),
    check: () => {
      const problem = field.problem();
      fill(error, problem ?? "");
      element.classList.toggle("wrong", Boolean(problem));
      element.querySelector("input, textarea, button")?.setAttribute("aria-invalid", String(Boolean(problem)));
      return !problem;
    },
  };
  element.addEventListener("input", () => element.classList.contains("wrong") && own.check());
  fields.push(own);
  return element;
}

function makeField(component) {
  if (component.type === COMPONENT.TEXT_INPUT) return textField(component);
  if (component.type === COMPONENT.FILE_UPLOAD) return fileField(component);
  if ([COMPONENT.RADIO_GROUP, COMPONENT.CHECKBOX_GROUP, COMPONENT.CHECKBOX].includes(component.type)) return choiceField(component);
  if (Object.values(SELECT).includes(component.type)) return selectField(component);
  throw new Error(`no field for component type ${component.type}`);
}

function selectField(component) {
  const labelId = uniqueId("label");
  const menu = selectMenu(component, { onChange: () => menu.element.dispatchEvent(new Event("input", { bubbles: true })), labelledBy: labelId });
  const required = component.required ?? true;
  return {
    labelId, required, element: menu.element,
    problem: () => {
      const count = menu.values().length;
      if (!count) return required ? t("fieldRequired") : null;
      return count < (component.min_values ?? 1) ? t("fieldMin", { limit: component.min_values }) : null;
    },
    result: () => ({ type: component.type, id: component.id, custom_id: component.custom_id, values: menu.values() }),
  };
}
