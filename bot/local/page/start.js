/** The first screen: who sits at this window, and in which language. */

import { api } from "./api.js";
import { avatar, fill, h, icon } from "./dom.js";
import { reasonOf } from "./interactions.js";
import { person } from "./store.js";
import { getLocale, setLocale, t } from "./texts.js";

const LANGUAGES = [["de", "Deutsch"], ["en-US", "English"]];

/**
 * Shows the cards of a class.
 * @param {HTMLElement} root
 * @param {function()} enter called once a person is signed in
 */
export async function showStart(root, enter) {
  const screen = h("main", { class: "start" });
  fill(root, screen);
  let answer = null;
  let problem = "";
  const paint = () => {
    document.title = t("app");
    fill(screen, h("div", { class: "start-box" },
      h("header", {}, h("div", { class: "start-badge", "aria-hidden": "true" }, "KA"), h("div", {}, h("h1", {}, t("who")), h("p", { class: "muted" }, answer ? `${answer.guild.name} · ${t("whoHint")}` : t("loading")))),
      languages(),
      h("p", { class: "form-error", role: "alert" }, problem),
      answer && group("teachers", answer.people.filter((one) => person(one).teacher)),
      answer && group("pupils", answer.people.filter((one) => !person(one).teacher)),
      h("a", { class: "second-window", href: "/", target: "_blank", rel: "noopener" }, icon("window"), t("secondPerson"))));
  };
  const languages = () => h("div", { class: "languages", role: "group", "aria-label": t("language") }, LANGUAGES.map(([locale, name]) => h("button", {
    type: "button", lang: locale, class: locale === getLocale() ? "language active" : "language", "aria-pressed": String(locale === getLocale()),
    on: { click: () => {
      setLocale(locale);
      paint();
      screen.querySelector(".language.active").focus();
    } },
  }, name)));
  const group = (key, people) => (people.length ? h("section", {}, h("h2", { class: "category" }, t(key)), h("ul", { class: "people" }, people.map(card))) : null);
  const card = (raw) => {
    const one = person(raw);
    return h("li", {}, h("button", { type: "button", class: "person", data: { person: one.id }, on: { click: () => choose(one.id) } },
      avatar(one.name, one.color, "large"), h("span", { class: "person-name" }, one.name), one.teacher ? h("span", { class: "muted" }, t("teacher")) : null));
  };
  const choose = async (id) => {
    try {
      await api.signIn(id, getLocale());
      enter();
    } catch (error) {
      problem = reasonOf(error);
      paint();
    }
  };
  setLocale(getLocale());
  paint();
  // The server may start after the page: keep asking quietly.
  while (!answer && screen.isConnected) {
    try {
      answer = await api.people();
      problem = "";
    } catch (error) {
      problem = reasonOf(error);
    }
    if (screen.isConnected) paint();
    if (!answer) await new Promise((resolve) => { setTimeout(resolve, 1500); });
  }
}
