/** The right side: who belongs to the class. */

import { avatar, fill, h } from "./dom.js";
import { openMemberMenu } from "./message_menu.js";
import { on, store } from "./store.js";
import { t } from "./texts.js";

export class MemberList {
  constructor() {
    this.element = h("aside", { class: "members", id: "members", "aria-label": t("members") });
    this.stops = ["state", "status"].map((name) => on(name, () => this.paint()));
    this.paint();
  }

  destroy() {
    for (const stop of this.stops) stop();
  }

  paint() {
    const all = [...store.members.values()].sort((a, b) => a.name.localeCompare(b.name));
    const groups = [
      [t("teachers"), all.filter((member) => member.teacher)],
      [t("bots"), all.filter((member) => member.bot)],
      [t("pupils"), all.filter((member) => !member.bot && !member.teacher)],
    ];
    fill(this.element, groups.filter(([, members]) => members.length).map(([name, members]) => h("section", {},
      h("h2", { class: "category" }, `${name} – ${members.length}`),
      h("ul", {}, members.map(memberEntry)))));
  }
}

function memberEntry(member) {
  const away = member.bot && !store.botOnline;
  const name = h("span", {}, member.name);
  name.style.color = `color-mix(in oklab, ${member.color} 62%, #fff)`;
  const button = h("button", { type: "button", class: away ? "member away" : "member", "aria-haspopup": "menu", on: { click: () => openMemberMenu(button, member) } }, avatar(member.name, member.color, "small"), name, member.bot ? h("span", { class: "app-tag" }, t("appTag")) : null);
  return h("li", {}, button);
}
