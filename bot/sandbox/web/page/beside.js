// The tabs beside Slack, and on narrow screens the bar that shows one part of the page at a time.

import { fill, h } from "./dom.js";
import { all, get, watch } from "./state.js";
import { look, view } from "./view.js";

const TABS = [["guide", "Guide"], ["chargebee", "Chargebee"], ["calls", "Calls"], ["trouble", "Trouble"]];
const BAR = [["places", "Channels", "#"], ["slack", "Slack", "✉"], ["guide", "Guide", "✓"], ["chargebee", "Chargebee", "€"], ["calls", "Calls", "⇄"], ["trouble", "Trouble", "⚡"]];

export function begin() {
  watch(["view", "troubles", "call:", "guide"], draw);
  draw();
}

function draw() {
  const { side } = view();
  const troubles = get("troubles");
  const count = {
    trouble: (troubles?.slack.length ?? 0) + (troubles?.chargebee.length ?? 0),
    calls: all("call:").filter(([, call]) => call.method !== "GET").length,
  };
  const tab = ([id, title], index) =>
    h(
      "button",
      {
        role: "tab", id: `tab-${id}`, "aria-controls": id, "aria-selected": String(side === id), tabindex: side === id ? "0" : "-1", "data-focus": `tab-${id}`,
        on: { click: () => look({ side: id }), keydown: (event) => arrows(event, index) },
      },
      title,
      count[id] > 0 && h("span", { class: "count" }, String(count[id])),
    );
  fill(document.getElementById("beside-tabs"), TABS.map(tab));
  for (const [id] of TABS) document.getElementById(id).hidden = side !== id;
  const shown = document.body.dataset.shown;
  const show = (id) => () => {
    document.body.dataset.shown = id;
    if (TABS.some(([one]) => one === id)) look({ side: id });
    draw();
  };
  fill(
    document.getElementById("bottom"),
    BAR.map(([id, title, sign]) => h("button", { "aria-current": shown === id ? "page" : null, "data-focus": `bar-${id}`, on: { click: show(id) } }, h("span", { "aria-hidden": "true" }, sign), title)),
  );
}

function arrows(event, index) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const [id] = TABS[(index + step + TABS.length) % TABS.length];
  look({ side: id });
  document.getElementById(`tab-${id}`).focus();
}
