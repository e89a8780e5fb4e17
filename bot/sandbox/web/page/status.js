// What the visitor has to know: the sandbox is out of reach, the app is down, the clock was moved, somebody cannot act.

import { post } from "./acts.js";
import { moment, now } from "./dates.js";
import { fill, h } from "./dom.js";
import { get, watch } from "./state.js";

export function begin() {
  watch(["connection", "status", "me"], draw);
  setInterval(drawClock, 20_000);
  draw();
}

function draw() {
  const { links, alive } = get("status") ?? {};
  const lost = get("connection") === "lost";
  const lines = [];
  if (lost) lines.push(h("p", { class: "warning bad" }, h("b", {}, "The connection to the sandbox is lost. "), "This page connects again by itself. If you have stopped it, start it again."));
  else if (alive === false) lines.push(h("p", { class: "warning bad" }, h("b", {}, "The app is down. "), "What people do in Slack now fails, as it would there. ", start()));
  else if (links === 0) lines.push(h("p", { class: "warning" }, h("b", {}, "The app is not connected. "), alive ? "It is starting, or connecting again …" : "Clicks and commands fail until it is."));
  if (!lost && get("me")?.cannot) lines.push(h("p", { class: "warning" }, get("me").cannot));
  fill(document.getElementById("warnings"), lines);
  document.body.classList.toggle("lost", lost);
  drawClock();
}

const start = () => h("button", { class: "button", "data-focus": "start", on: { click: () => post("/bot/start") } }, "Start it again");

function drawClock() {
  const { links, alive, offset_s: offset } = get("status") ?? {};
  if (!get("me")) return;
  const works = alive !== false && links !== 0 && get("connection") !== "lost";
  fill(
    document.getElementById("state"),
    h("span", { class: works ? "lamp on" : "lamp" }, works ? "connected" : "not connected"),
    h("span", { class: "clock" }, `${offset ? "moved to " : ""}${moment(now())}`),
  );
}
