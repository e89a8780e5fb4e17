// The log of API calls as Chargebee received them.

import { moment } from "./dates.js";
import { fill, h, sync } from "./dom.js";
import { all, get, watch } from "./state.js";
import { view } from "./view.js";

const MOST = 120;
let reads = false;

export function begin() {
  watch(["call:", "view", "me"], draw);
}

function draw() {
  const panel = document.getElementById("calls");
  if (view().side !== "calls" || !get("me")) return;
  if (!panel.firstChild) {
    const box = h("input", { type: "checkbox", on: { change: (event) => ((reads = event.target.checked), draw()) } });
    fill(panel, h("p", { class: "intro" }, "Each call as it was received, the newest first. ", h("label", { class: "inline" }, box, "Show reads, too")), h("ul", { class: "calls" }), h("p", { class: "empty" }));
  }
  const shown = all("call:").filter(([, call]) => reads || call.method !== "GET").reverse().slice(0, MOST);
  sync(panel.querySelector(".calls"), shown.map(([number, call]) => ({ key: number, sign: JSON.stringify(call), draw: (old) => drawCall(call, old) })));
  panel.querySelector(".empty").textContent = shown.length ? "" : "Nothing has been changed through the API yet.";
}

function drawCall(call, old) {
  const status = call.status ?? (call.trouble ? "no answer" : "running");
  const user = call.headers["chargebee-request-origin-user"] ?? call.headers["chargebee-request-origin-user-encoded"];
  return h(
    "li",
    { class: "call" },
    h(
      "details",
      { open: old?.querySelector("details")?.open || null },
      h(
        "summary",
        {},
        h("span", { class: "line" }, h("span", { class: `method is-${call.method}` }, call.method), h("code", { class: "grow" }, call.path), h("span", { class: Number(status) < 300 ? "badge is-paid" : "badge is-failed" }, String(status))),
        h(
          "span",
          { class: "line small" },
          h("span", { class: "grow" }, user ? `for ${user}` : `key ${call.key_name ?? "unknown"}`),
          call.replayed && h("span", { class: "moved" }, "replayed"),
          call.trouble && h("span", { class: "moved" }, `trouble: ${call.trouble}`),
        ),
      ),
      table("Received", { time: moment(call.at), key: call.key_name, "idempotency key": call.idempotency_key ?? "none", replayed: call.replayed ? "yes, from the stored answer" : "no" }),
      table("Form", call.form),
      table("Query", call.query),
      table("Headers", call.headers),
    ),
  );
}

function table(title, values) {
  const rows = Object.entries(values ?? {});
  if (!rows.length) return null;
  return h("table", { class: "fields-table" }, h("caption", {}, title), h("tbody", {}, rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "pre" }, String(value))))));
}
