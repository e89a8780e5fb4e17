// Who this tab is: the button in the head with everybody to choose from, and how often each was called for in vain.

import { fill, h } from "./dom.js";
import { avatar } from "./messages.js";
import { calls } from "./unread.js";
import { get, watch } from "./state.js";
import { addressOf, look, view } from "./view.js";

let open = false;

export function begin() {
  watch(["cast", "view", "push:", "read"], draw);
  addEventListener("click", (event) => {
    if (open && !event.composedPath().includes(document.getElementById("person"))) toggle(false);
  });
  document.getElementById("person").addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open) return;
    toggle(false);
    document.querySelector("#person > button").focus();
  });
}

export function be(user, change = {}) {
  open = false;
  look({ as: user, thread: "", ...change });
}

function toggle(to) {
  open = to;
  draw();
}

function draw() {
  const cast = get("cast");
  if (!cast) return;
  const me = cast.find((one) => one.id === view().as);
  document.title = `${me?.name ?? "?"} · Sandbox`;
  const others = cast.filter((one) => !one.is_app);
  const waiting = others.filter((one) => one.id !== me?.id && calls(one.id)).length;
  fill(
    document.getElementById("person"),
    h(
      "button",
      { class: "me", "aria-expanded": String(open), "aria-controls": "people", "data-focus": "me", on: { click: () => toggle(!open) } },
      me && avatar(me.name),
      h("span", { class: "who" }, h("small", {}, "You are"), h("b", {}, me?.name ?? view().as)),
      h("span", { "aria-hidden": "true" }, "▾"),
      waiting > 0 && h("span", { class: "count", title: "Others have something new" }, h("span", { class: "hidden-text" }, "Others with something new: "), String(waiting)),
    ),
    h("ul", { id: "people", hidden: !open }, others.map(entry)),
  );
}

function entry(one) {
  const unread = one.id === view().as ? 0 : calls(one.id);
  const marks = [...one.marks, one.note].filter(Boolean).join(" · ");
  return h(
    "li",
    {},
    h(
      "button",
      { class: "person", "aria-current": one.id === view().as ? "true" : null, "data-focus": `be-${one.id}`, on: { click: () => be(one.id) } },
      avatar(one.name),
      h("span", { class: "who" }, h("b", {}, one.name), h("small", {}, marks || "member")),
      unread > 0 && h("span", { class: "count" }, String(unread), h("span", { class: "hidden-text" }, " new for them")),
    ),
    h("a", { class: "second", href: addressOf({ as: one.id, thread: "", document: "" }), target: "_blank", rel: "noopener", title: `Be ${one.name} in another tab`, "aria-label": `Be ${one.name} in another tab` }, "↗"),
  );
}
