// What can go wrong, on demand. Each says in one line what to watch for.

import { chargebee, post, slack } from "./acts.js";
import { moment, now } from "./dates.js";
import { fill, h } from "./dom.js";
import { money } from "./chargebee.js";
import { toast } from "./toasts.js";
import { all, get, watch } from "./state.js";
import { view } from "./view.js";

const nextChange = (trouble) => () => chargebee("trouble", { method: "POST", ...trouble });

const GROUPS = [
  ["Slack", [
    ["Lose the next acknowledgement", "The person reads that there was trouble, although the app did its work. Click again: nothing happens twice.", () => slack("trouble", { kind: "lose_ack" })],
    ["Deliver the next click twice", "Two deliveries, one effect: one card, one call in the log.", () => slack("trouble", { kind: "duplicate" })],
    ["Cut the app's connection", "It connects again within seconds; what people do meanwhile fails visibly, and nothing is lost.", () => slack("trouble", { kind: "drop_sockets" })],
  ]],
  ["Chargebee, at the next change", [
    ["Answer slowly (8 s)", "Slack is answered at once; the result follows when Chargebee is done.", nextChange({ kind: "delay", seconds: 8 })],
    ["Apply it, then never answer", "The money moved, but nobody was told. The app says that it does not know, and looks.", nextChange({ kind: "hang_after" })],
    ["Apply it, then reset the connection", "The same, at once: it looks before it does anything again.", nextChange({ kind: "reset_after" })],
    ["Reset before anything happens", "Nobody can tell this from the one above, except by looking.", nextChange({ kind: "reset_before" })],
    ["Say 429: too many requests", "Nothing changed. It waits as long as it is told, then goes on by itself.", nextChange({ kind: "status", status: 429, retry_after_s: 3 })],
    ["Answer an HTML page with 503", "An error page is not an answer: it may have changed, or not. It looks.", nextChange({ kind: "status", status: 503 })],
    ["Answer look-ups slowly (6 s, next 3)", "Forms open at once all the same; a preview says that it is being checked.", () => chargebee("trouble", { method: "GET", kind: "delay", seconds: 6, times: 3 })],
  ]],
  ["Time", [
    ["31 minutes pass", "Chargebee forgets idempotency keys now: only looking can tell whether something was done.", () => advance(31 * 60)],
    ["61 minutes pass", "A preview that was left open can no longer be confirmed.", () => advance(61 * 60)],
    ["25 hours pass", "What waited for a decision expires; nobody can agree to it any more, on any surface.", () => advance(25 * 3600)],
  ]],
];

// What waits to happen, in words.
const KINDS = {
  lose_ack: "the next acknowledgement is lost", duplicate: "the next click is delivered twice", delay: "it answers slowly", hang_after: "it applies it and never answers",
  reset_after: "it applies it, then the connection breaks", reset_before: "the connection breaks first", status: "it answers",
};

async function advance(seconds) {
  if (await slack("clock", { advance_s: seconds })) toast({ head: "The clock was moved", text: `It is now ${moment(now() + seconds)}.` });
}

let chosen = "";

export function begin() {
  watch(["view", "troubles", "status", "invoice:", "me"], draw);
}

function draw() {
  const panel = document.getElementById("trouble");
  if (view().side !== "trouble" || !get("me")) return;
  fill(
    panel,
    h("p", { class: "intro" }, "Try to break a change that is on its way, and see it survive. A trouble waits for the next thing it fits."),
    waiting(),
    botGroup(),
    payGroup(),
    GROUPS.map(([title, entries]) => h("section", {}, h("h3", {}, title), entries.map(([label, watchFor, act]) => entry(label, watchFor, act)))),
  );
}

const entry = (label, watchFor, act, props = {}) =>
  h("div", { class: "trouble" }, h("button", { class: "button", "data-focus": label, ...props, on: { click: act } }, label), h("p", { class: "hint" }, watchFor));

function waiting() {
  const { slack: inSlack, chargebee: inChargebee } = get("troubles") ?? { slack: [], chargebee: [] };
  const held = all("call:").some(([, call]) => call.status === null && ["hang_after", "hang_before", "hold"].includes(call.trouble));
  const lines = [
    ...inSlack.map((one) => `Slack: ${KINDS[one.kind] ?? one.kind}`),
    ...inChargebee.map((one) => `Chargebee, at the next ${one.method || "call"}: ${KINDS[one.kind] ?? one.kind}${one.kind === "status" ? ` ${one.status}` : ""}${one.times > 1 ? `, ${one.times} times` : ""}`),
  ];
  if (!lines.length && !held) return null;
  const off = async () => {
    await slack("trouble", { kind: "clear" });
    await chargebee("trouble", {}, "DELETE");
  };
  return h(
    "div",
    { class: "waiting", role: "status" },
    lines.length > 0 && h("div", {}, h("b", {}, "Waiting to happen"), h("ul", {}, lines.map((one) => h("li", {}, one))), h("button", { class: "button", "data-focus": "off", on: { click: off } }, "Call it off")),
    held && entry("Let Chargebee answer now", "A call hangs until whoever made it gives up.", () => chargebee("release", {}), {}),
  );
}

function botGroup() {
  const { alive } = get("status") ?? {};
  if (alive === null || alive === undefined) return null;
  const again = async () => {
    await post("/bot/kill");
    await post("/bot/start");
  };
  return h(
    "section",
    {},
    h("h3", {}, "The app's process"),
    alive
      ? [
          entry("Kill it this instant", "No goodbye, nothing is finished. What was promised is in its database, and nowhere else.", () => post("/bot/kill")),
          entry("Kill it and start it again", "It takes up what it had begun: it looks first, and never sends a change twice.", again),
        ]
      : entry("Start it again", "It takes up what it had begun: it looks first, and never sends a change twice.", () => post("/bot/start")),
  );
}

function payGroup() {
  const open = all("invoice:").map(([, one]) => one).filter((one) => one.amount_due > 0);
  if (!open.length) return null;
  const [kind, id] = view().document.split("/");
  const wanted = chosen || (kind === "invoice" ? id : "");
  const invoice = open.find((one) => one.id === wanted) ?? open[0];
  const option = (one) => h("option", { value: one.id, selected: one.id === invoice.id }, `${one.id}: ${money(one.amount_due, one.currency_code)} due`);
  const pays = (amount) => () => chargebee("change", { invoice: invoice.id, record_payment_minor: amount });
  const edits = () => chargebee("change", { kind: "invoice", id: invoice.id, set: { po_number: `PO-${Math.floor(now()) % 100_000}` } });
  const select = h("select", { "aria-label": "Invoice", "data-focus": "pay", on: { change: (event) => ((chosen = event.target.value), draw()) } }, open.map(option));
  return h(
    "section",
    {},
    h("h3", {}, "Somebody else, right now"),
    select,
    entry("The customer pays half", "What was asked for before is no longer true: it is stopped, and says field by field why.", pays(Math.ceil(invoice.amount_due / 2))),
    entry("The customer pays all of it", "There is nothing left to change; nobody can agree to it any more.", pays(invoice.amount_due)),
    entry("Somebody notes a PO number on it", "What was agreed to is not touched by it, and still holds.", edits),
  );
}
