// The guided path: what to do next. The server ticks it off by what it sees.

import { post } from "./acts.js";
import { propose } from "./composer.js";
import { fill, h } from "./dom.js";
import { be } from "./people.js";
import { get, watch } from "./state.js";
import { look, view } from "./view.js";

export function begin() {
  watch(["guide", "view", "cast"], draw);
}

function draw() {
  const panel = document.getElementById("guide");
  const guide = get("guide");
  if (view().side !== "guide" || !get("me")) return;
  if (!guide) return fill(panel, h("p", { class: "intro" }, "There is no guided path here. Write in a channel, type / for commands."));
  const { steps, done } = guide;
  fill(
    panel,
    h("p", { class: "intro" }, done < steps.length ? `Step ${done + 1} of ${steps.length}. You can be anybody here; steps tick themselves off.` : "You have seen all of it. Now try to break it: the tab Trouble has what it takes."),
    h("progress", { max: steps.length, value: done, "aria-label": "Steps done" }),
    h("ol", { class: "steps" }, steps.map((step, index) => drawStep(step, index, done))),
    h("p", {}, h("button", { class: "button", "data-focus": "again", on: { click: () => post("/guide/reset") } }, "Begin the path again")),
  );
  if (panel.dataset.done !== String(done)) {
    panel.dataset.done = String(done);
    panel.querySelector(".step.now")?.scrollIntoView({ block: "center" });
  }
}

function drawStep(step, index, done) {
  const state = index < done ? "done" : index === done ? "now" : "later";
  return h(
    "li",
    { class: `step ${state}`, "aria-current": state === "now" ? "step" : null },
    h("p", { class: "step-title" }, h("span", { class: "tick", "aria-hidden": "true" }, state === "done" ? "✓" : String(index + 1)), h("b", {}, step.title), state === "done" && h("span", { class: "hidden-text" }, " (done)")),
    state === "now" && h("p", {}, step.text),
    state === "now" && shortcuts(step),
  );
}

function shortcuts(step) {
  const name = (id) => get("cast")?.find((one) => one.id === id)?.name ?? id;
  const here = view().as === (step.as ?? view().as) && view().in === (step.channel ?? view().in);
  const go = () => {
    be(step.as ?? view().as, { in: step.channel ?? view().in });
    document.body.dataset.shown = "slack";
  };
  const type = () => {
    go();
    propose(step.type);
  };
  const tab = () => look({ side: step.tab });
  return h(
    "div",
    { class: "actions" },
    step.type
      ? h("button", { class: "button primary", "data-focus": "step-type", on: { click: type } }, `Write it as ${name(step.as ?? view().as)}`)
      : (step.as || step.channel) &&
          h("button", { class: here ? "button primary narrow" : "button primary", "data-focus": "step-be", on: { click: go } }, here ? "Go to Slack" : `Be ${name(step.as)}`),
    step.tab && h("button", { class: "button", "data-focus": "step-tab", on: { click: tab } }, `Open ${step.tab}`),
    h("button", { class: "button quiet", "data-focus": "step-skip", on: { click: () => post("/guide/skip") } }, "Skip"),
  );
}
