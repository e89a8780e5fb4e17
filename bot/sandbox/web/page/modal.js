// The modal on top of the viewer's stack: its form, what was typed, errors under the fields, submit, back and close.
//
// What is typed is kept here by view, block and action until the stack is gone, and sent when a field is left: an update
// of the view while somebody types takes nothing away (Slack keeps it by the same rule). Choices are sent at once.

import { act } from "./acts.js";
import { drawBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { text, words } from "./mrkdwn.js";
import { get, watch } from "./state.js";

const drafts = new Map(); // `view|block|action|type` -> what was typed
const under = new Set(); // what is still on its way; a form is submitted after it
let shown = ""; // what stands on the page now
let submitting = ""; // the view that is on its way
let closing = "";
let opener = null;

export function begin() {
  watch(["modals", "names"], draw);
  document.getElementById("modals").addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelector("#modals .modal-close")?.click();
  });
}

function draw() {
  const stack = get("modals") ?? [];
  const view = stack.at(-1);
  const layer = document.getElementById("modals");
  const behind = ["places", "room", "thread"].map((id) => document.getElementById(id));
  for (const node of behind) node.inert = Boolean(view);
  if (!view) {
    drafts.clear();
    if (shown) {
      layer.replaceChildren();
      shown = submitting = "";
      (opener?.isConnected ? opener : document.getElementById("composer-text"))?.focus();
    }
    return;
  }
  const sign = JSON.stringify([view.id, view.hash, view.blocks, view.errors, view.trouble, stack.length, submitting === view.id]);
  if (sign === shown) return;
  const before = shown ? JSON.parse(shown) : [];
  if (!before.length && document.activeElement !== document.body) opener = document.activeElement;
  shown = sign;
  fill(layer, drawView(view, stack));
  focus(layer, view, before);
}

// A new view: its first field. New errors: the first field that is wrong. Anything else stays where it was.
function focus(layer, view, before) {
  const wrong = layer.querySelector("[aria-invalid=true]");
  if (wrong && JSON.stringify(before[3]) !== JSON.stringify(view.errors)) return wrong.focus();
  if (before[0] === view.id && layer.contains(document.activeElement)) return;
  const wished = view.blocks.find((one) => one.element?.focus_on_load);
  const first = wished ? layer.querySelector(`[data-block="${CSS.escape(wished.block_id)}"] :is(input, textarea, select)`) : null;
  const target = first ?? layer.querySelector(".modal-body :is(input, textarea, select)") ?? layer.querySelector(".modal-layer");
  target.focus();
}

function drawView(view, stack) {
  const place = placeOf(view);
  const busy = submitting === view.id;
  const submit = view.submit && h("button", { type: "submit", class: "button primary", "data-focus": "submit", "aria-busy": busy ? "true" : null }, text(view.submit));
  const back = h(
    "button",
    { type: "button", class: "button modal-close", "data-focus": "close", on: { click: () => close(view) } },
    view.close ? text(view.close) : stack.length > 1 ? "Back" : "Close",
  );
  const form = h(
    "form",
    { class: "modal", novalidate: true, on: { submit: (event) => (event.preventDefault(), place.submit()) } },
    h(
      "div",
      { class: "modal-head" },
      h("h2", { id: "modal-title" }, text(view.title)),
      stack.length > 1 && h("span", { class: "depth" }, `${stack.length} of 3`),
      h("button", { type: "button", class: "plain-x", "aria-label": "Close all", "data-focus": "x", on: { click: () => close(view, { all: true }) } }, "×"),
    ),
    view.trouble && h("p", { class: "alert error", role: "alert" }, view.trouble),
    h("div", { class: "modal-body" }, drawBlocks(view.blocks, place)),
    h("div", { class: "foot" }, back, submit),
  );
  return h("div", { class: "modal-layer", role: "dialog", "aria-labelledby": "modal-title", tabindex: "-1" }, form);
}

function placeOf(view) {
  const at = { view: view.id };
  const keyOf = (block, element) => [view.id, block.block_id, element.action_id, element.type].join("|");
  const spot = (block, element) => ({ ...at, block_id: block.block_id, action_id: element.action_id });
  return {
    at,
    errors: view.errors,
    value(block, element) {
      const key = keyOf(block, element);
      const kept = view.state.values[block.block_id]?.[element.action_id];
      return drafts.has(key) ? { ...kept, value: drafts.get(key) } : kept;
    },
    keep: (block, element, raw) => drafts.set(keyOf(block, element), raw),
    enter(block, element, raw) {
      const sent = act("fill", { ...spot(block, element), value: raw });
      under.add(sent);
      return sent.finally(() => under.delete(sent));
    },
    press: (block, element) => act("click", spot(block, element)),
    async suggest(block, element, query) {
      return (await act("suggest", { ...spot(block, element), query }))?.options ?? [];
    },
    submit: () => submit(view, keyOf),
  };
}

async function close(view, more = {}) {
  if (closing === view.id) return;
  closing = view.id;
  await act("close", { view: view.id, ...more });
  closing = "";
}

async function submit(view, keyOf) {
  if (!view.submit || submitting === view.id) return;
  submitting = view.id;
  document.querySelector("#modals [type=submit]")?.setAttribute("aria-busy", "true");
  await Promise.all(under);
  const values = {};
  for (const block of view.blocks) {
    if (block.type !== "input" || !drafts.has(keyOf(block, block.element))) continue;
    values[block.block_id] = { [block.element.action_id]: drafts.get(keyOf(block, block.element)) };
  }
  await act("submit", { view: view.id, values });
  submitting = "";
  document.querySelector("#modals [type=submit]")?.removeAttribute("aria-busy");
  draw();
}
