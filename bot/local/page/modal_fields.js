/** Fields of a form: text inputs (one line or many), radio buttons and check boxes, file uploads. */

import { fill, h, icon, iconButton, uniqueId } from "./dom.js";
import { Recorder } from "./recorder.js";
import { fileSize, t } from "./texts.js";

const PARAGRAPH = 2;
const RADIO_GROUP = 21;
const CHECKBOX = 23;

/** A text input with its counter; lengths and "required" are checked on sending, as on Discord. */
export function textField(component) {
  const inputId = uniqueId("input");
  const required = component.required ?? true;
  const attrs = { id: inputId, class: "input", placeholder: component.placeholder, maxlength: component.max_length ?? 4000, "aria-required": String(required), autocomplete: "off" };
  const input = component.style === PARAGRAPH ? h("textarea", { ...attrs, rows: 5 }) : h("input", { ...attrs, type: "text" });
  input.value = component.value ?? "";
  const counter = h("span", { class: "counter", "aria-hidden": "true" });
  const count = () => fill(counter, component.max_length ? `${input.value.length} / ${component.max_length}` : "");
  input.addEventListener("input", count);
  count();
  return {
    inputId, labelId: uniqueId("label"), required, element: h("div", { class: "text-field" }, input, counter),
    problem: () => {
      if (!input.value.trim()) return required ? t("fieldRequired") : null;
      return input.value.length < (component.min_length ?? 0) ? t("fieldShort", { limit: component.min_length }) : null;
    },
    result: () => ({ type: component.type, id: component.id, custom_id: component.custom_id, value: input.value }),
  };
}

/** Radio buttons (one value), a group of check boxes (several), or a single check box (yes or no). */
export function choiceField(component) {
  const name = uniqueId("choice");
  const labelId = uniqueId("label");
  const single = component.type === CHECKBOX;
  const radio = component.type === RADIO_GROUP;
  const options = single ? [{ label: t("yes"), value: "", default: component.default }] : component.options;
  const inputs = options.map((option) => h("input", { type: radio ? "radio" : "checkbox", name, value: option.value, checked: Boolean(option.default) }));
  const element = h("div", { class: "choices", role: radio ? "radiogroup" : "group", "aria-labelledby": labelId }, options.map((option, index) => h("label", {}, inputs[index],
    h("span", {}, option.label, option.description && h("span", { class: "field-hint" }, option.description)))));
  const values = () => inputs.filter((input) => input.checked).map((input) => input.value);
  const required = !single && (component.required ?? radio);
  const least = component.min_values ?? 1;
  const most = component.max_values ?? options.length;
  const result = () => {
    const base = { type: component.type, id: component.id, custom_id: component.custom_id };
    if (single) return { ...base, value: inputs[0].checked };
    return radio ? { ...base, value: values()[0] ?? null } : { ...base, values: values() };
  };
  const problem = () => {
    const count = values().length;
    if (single || (!count && !required)) return null;
    if (!count) return t("fieldRequired");
    if (radio) return null;
    if (count < least) return t("fieldMin", { limit: least });
    return count > most ? t("fieldMax", { limit: most }) : null;
  };
  return { labelId, required, element, problem, result };
}

/** A place to choose, drop or record files; the submission names them by their place among all files. */
export function fileField(component) {
  const inputId = uniqueId("input");
  const required = component.required ?? true;
  const least = component.min_values ?? 1;
  const most = component.max_values ?? 1;
  let files = [];
  const picker = h("input", { id: inputId, type: "file", class: "hidden-visually", multiple: most > 1 });
  const list = h("ul", { class: "file-list" });
  const zone = h("label", { class: "drop-zone", for: inputId }, icon("file"), t("uploadFiles"));
  const paint = () => fill(list, files.map((file, index) => h("li", {}, h("span", {}, file.name), h("span", { class: "file-size" }, fileSize(file.size)),
    iconButton("close", t("removeFile", { name: file.name }), () => { files.splice(index, 1); paint(); }))));
  const add = (more) => {
    files = most === 1 ? [...more].slice(-1) : [...files, ...more].slice(0, most);
    paint();
  };
  picker.addEventListener("change", () => {
    add(picker.files);
    picker.value = "";
  });
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    add(event.dataTransfer.files);
  });
  let recorder = null;
  const place = h("div");
  const record = h("button", { type: "button", class: "button secondary", on: { click: () => open() } }, icon("mic"), t("record"));
  const open = () => {
    recorder = new Recorder({
      place, label: t("recordUse"), use: (file) => add([file]),
      closed: () => {
        recorder = null;
        record.focus();
      },
    });
    recorder.begin();
  };
  const element = h("div", { class: "file-field" }, picker, h("div", { class: "record-row" }, zone, record), list, place);
  return {
    inputId, labelId: uniqueId("label"), required, element, close: () => recorder?.close(),
    problem: () => {
      if (recorder?.state === "recording") return t("recordStillRunning");
      // Who hands in the form means the recording too.
      recorder?.use();
      if (!files.length) return required && least > 0 ? t("fieldRequired") : null;
      return files.length < least ? t("fieldMin", { limit: least }) : null;
    },
    result: (all) => ({
      type: component.type, id: component.id, custom_id: component.custom_id,
      values: files.map((file) => all.push(file) - 1),
    }),
  };
}
