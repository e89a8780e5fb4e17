// Short notices: what Slack's client says in passing, and what a phone shows on its lock screen.

import { h } from "./dom.js";

const STAYS_MS = 9000;
const MOST = 3;

// {head, text, kind: "phone" | "bad" | "", go, label}: `go` is what a press on it does, `label` says what that is.
export function toast({ head, text, kind = "", go = null, label = "" }) {
  const place = document.getElementById("toasts");
  const words = [h("span", { class: "toast-head" }, head), h("span", { class: "toast-text" }, text)];
  const close = () => node.remove();
  const body = go
    ? h("button", { class: "toast-body", on: { click: () => (close(), go()) } }, words, label && h("span", { class: "toast-go" }, label))
    : h("div", { class: "toast-body" }, words);
  const node = h("div", { class: `toast ${kind}` }, body, h("button", { class: "plain-x", "aria-label": "Dismiss", on: { click: close } }, "×"));
  place.append(node);
  while (place.children.length > MOST) place.firstChild.remove();
  let timer = setTimeout(close, STAYS_MS);
  const hold = () => clearTimeout(timer);
  const letGo = () => (timer = setTimeout(close, STAYS_MS));
  node.addEventListener("pointerenter", hold);
  node.addEventListener("pointerleave", letGo);
  node.addEventListener("focusin", hold);
  node.addEventListener("focusout", letGo);
}
