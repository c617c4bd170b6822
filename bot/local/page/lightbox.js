/** The large view of pictures: arrows leaf through, Escape or a click beside the picture closes it. */

import { h, iconButton, openDialog } from "./dom.js";
import { t } from "./texts.js";

/**
 * @param {Array<{src: string, alt: string, name?: string}>} pictures
 * @param {number} start which one is shown first
 */
export function openLightbox(pictures, start = 0) {
  let at = start;
  const image = h("img", { class: "lightbox-image" });
  const caption = h("p", { class: "lightbox-caption", "aria-live": "polite" });
  const original = h("a", { target: "_blank", rel: "noopener" }, t("openOriginal"));
  const dialog = h("dialog", { class: "lightbox", "aria-label": t("image") });
  const show = (step) => {
    at = (at + step + pictures.length) % pictures.length;
    const picture = pictures[at];
    image.src = picture.src;
    image.alt = picture.alt;
    original.href = picture.src;
    const count = pictures.length > 1 ? t("imageOf", { index: at + 1, count: pictures.length }) : "";
    caption.replaceChildren([count, picture.alt].filter(Boolean).join(" · "));
  };
  dialog.append(
    iconButton("close", t("close"), () => dialog.close(), { class: "icon-button lightbox-close" }),
    pictures.length > 1 ? iconButton("previous", t("previousImage"), () => show(-1), { class: "icon-button lightbox-previous" }) : "",
    h("figure", {}, image, h("figcaption", {}, caption, original)),
    pictures.length > 1 ? iconButton("next", t("nextImage"), () => show(1), { class: "icon-button lightbox-next" }) : "",
  );
  dialog.addEventListener("keydown", (event) => {
    if (pictures.length < 2 || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    show(event.key === "ArrowRight" ? 1 : -1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.tagName === "FIGURE") dialog.close();
  });
  show(0);
  openDialog(dialog);
}
