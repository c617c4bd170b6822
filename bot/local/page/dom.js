/**
 * Builds elements. Data reaches the document only through text nodes and attributes set here,
 * never as markup; styles are set through the CSSOM, because the page's CSP forbids inline style.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Path data of the page's own icons on a 24 x 24 grid, drawn with a stroke. */
const ICONS = {
  hash: "M9 3 7 21M17 3l-2 18M4 9h17M3 15h17",
  thread: "M5 4v9a4 4 0 0 0 4 4h10M15 13l4 4-4 4",
  forum: "M4 5h16v10H11l-5 4v-4H4z",
  voice: "M4 9v6h4l5 4V5L8 9zM17 8a6 6 0 0 1 0 8",
  menu: "M4 6h16M4 12h16M4 18h16",
  people: "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20a6.500 6.500 0 0 1 13 0M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14a6.500 6.500 0 0 1 3.500 6",
  plus: "M12 4v16M4 12h16",
  close: "M5 5l14 14M19 5 5 19",
  down: "M5 9l7 7 7-7",
  next: "M9 5l7 7-7 7",
  previous: "M15 5l-7 7 7 7",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  download: "M12 3v12M7 11l5 5 5-5M4 20h16",
  send: "M4 12 3 4l18 8-18 8zM4 12h9",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 14a4.500 4.500 0 0 0 8 0M9 9v.5M15 9v.5",
  eye: "M2 12s4-6.500 10-6.500S22 12 22 12s-4 6.500-10 6.500S2 12 2 12zM12 14.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  swap: "M4 8h14l-4-4M20 16H6l4 4",
  window: "M4 5h11v11H4zM9 20h11V9",
  chat: "M4 5h16v11h-9l-5 4v-4H4z",
  warn: "M12 4 2.500 20h19zM12 10v5M12 17.500v.5",
  check: "M4 12l6 6L20 6",
  dots: "M4.500 12h1M11.500 12h1M18.500 12h1",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4M9 21h6",
  stop: "M6 6h12v12H6z",
  play: "M7 4l13 8-13 8z",
  pause: "M8 5v14M16 5v14",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 3",
  reply: "M10 6 4 12l6 6M4 12h9a7 7 0 0 1 7 7",
};

/**
 * Creates an element.
 * @param {string} tag
 * @param {Object<string, any>} [attrs] `class`, `on` (listeners), `data` (dataset); true sets an empty
 *   attribute; null, undefined and false leave it out.
 * @param {...(Node|string|null|undefined|false|Array)} children strings become text nodes
 * @returns {HTMLElement}
 */
export function h(tag, attrs = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** Appends nodes and strings, skipping nothing-values and flattening lists. */
export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child);
  }
  return element;
}

/** Replaces everything inside `element`. */
export function fill(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

/** An icon of the page; decorative, so the control around it carries the label. */
export function icon(name, className = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon ${className}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] ?? ICONS.file);
  svg.append(path);
  return svg;
}

/** A button with an icon alone; `label` is what a screen reader says and what hovering shows. */
export function iconButton(name, label, onClick, attrs = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, on: { click: onClick }, ...attrs }, icon(name));
}

/** A round avatar: coloured, with the initials of the name. */
export function avatar(name, color, className = "") {
  const words = name.split(/[\s_.-]+/u).filter(Boolean);
  const letters = words.length > 1 ? first(words[0]) + first(words.at(-1)) : first(name);
  const element = h("span", { class: `avatar ${className}`.trim(), "aria-hidden": "true" }, letters.toUpperCase());
  element.style.backgroundColor = color;
  element.style.color = isLight(color) ? "#111214" : "#fff";
  return element;
}

/** First visible letter, also of names outside the basic plane. */
function first(word) {
  return [...word][0] ?? "?";
}

/** Whether dark letters read better on this #rrggbb colour. */
function isLight(color) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b > 150;
}

/** Discord's colours are numbers; 0 means none. Strings (#rrggbb) pass through. */
export function cssColor(value) {
  if (typeof value === "string" && /^#[0-9a-f]{6}$/iu.test(value)) return value;
  if (typeof value === "number" && value > 0) return `#${value.toString(16).padStart(6, "0")}`;
  return null;
}

/** Says something to screen readers without moving the focus. */
export function announce(text) {
  const region = document.getElementById("announcer");
  region.append(h("p", {}, text));
  while (region.childElementCount > 5) region.firstElementChild.remove();
}

/** Shows a dialog over everything; once closed it is gone and the focus is where it was before. */
export function openDialog(dialog) {
  const before = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    // The browser gives the focus back by itself, but a text field then shows no caret and takes no text.
    before?.blur?.();
    before?.focus?.();
  });
  document.body.append(dialog);
  dialog.showModal();
}

let counter = 0;
/** A document-wide unique id, for labels and listboxes. */
export function uniqueId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}
