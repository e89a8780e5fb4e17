// Chargebee's documents: lists with search and status, one document as it stands, and what changed in it.

import { exact, moment } from "./dates.js";
import { fill, h, sync } from "./dom.js";
import { all, get, watch } from "./state.js";
import { look, view } from "./view.js";

const KINDS = [["invoice", "Invoices"], ["credit_note", "Credit notes"], ["customer", "Customers"]];
const PAGE = 80;
const QUIET = new Set(["updated_at", "resource_version", "object"]); // they change with everything
const AMOUNT = /(^|_)(total|tax|amount|credits|charges|payments|price)$|^amount_|_applied$/;

let kind = "invoice";
let query = "";
let status = "";
let most = PAGE;
const changes = new Map(); // "invoice/INV-1" -> {field: value before}, or "new"

export function begin() {
  watch(["invoice:", "credit_note:", "customer:", "comment:"], note);
  watch(["invoice:", "credit_note:", "customer:", "comment:", "view", "me"], draw);
}

// What moved since this tab looked, unless everything is new to it.
function note({ changed, whole }) {
  if (whole) return;
  for (const [key, before] of changed) {
    const [name, id] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
    if (!KINDS.some(([one]) => one === name)) continue;
    const now = get(key);
    const at = `${name}/${id}`;
    if (!before && now) changes.set(at, "new");
    if (!before || !now || changes.get(at) === "new") continue;
    const fields = changes.get(at) ?? {};
    for (const field of new Set([...Object.keys(before), ...Object.keys(now)])) {
      if (!QUIET.has(field) && JSON.stringify(before[field]) !== JSON.stringify(now[field]) && !(field in fields)) fields[field] = before[field] ?? null;
    }
    if (Object.keys(fields).length) changes.set(at, fields);
  }
}

function draw() {
  const panel = document.getElementById("chargebee");
  if (view().side !== "chargebee" || !get("me")) return;
  const [name, id] = split(view().document);
  if (id) return fill(panel, drawDocument(name, id));
  if (!panel.querySelector(".finder")) fill(panel, finder(), h("ul", { class: "documents" }), h("div", { class: "more" }));
  renewList(panel);
}

const split = (document) => {
  const at = document.indexOf("/");
  return at < 0 ? [] : [document.slice(0, at), document.slice(at + 1)];
};

function finder() {
  const renew = (change) => () => {
    change();
    most = PAGE;
    draw();
  };
  const search = h("input", { type: "search", placeholder: "Search by number, customer or amount", "aria-label": "Search documents", value: query, "data-focus": "search" });
  search.addEventListener("input", renew(() => (query = search.value)));
  const statuses = h("select", { "aria-label": "Status", "data-focus": "status" });
  statuses.addEventListener("change", renew(() => (status = statuses.value)));
  const kinds = KINDS.map(([one, title]) => {
    const choose = renew(() => {
      [kind, status] = [one, ""];
      document.querySelectorAll("#chargebee .kinds button").forEach((node) => node.setAttribute("aria-pressed", String(node.dataset.kind === kind)));
    });
    return h("button", { type: "button", "data-kind": one, "aria-pressed": String(one === kind), on: { click: choose } }, title);
  });
  return h("div", { class: "finder" }, h("div", { class: "kinds", role: "group", "aria-label": "Kind of document" }, kinds), h("div", { class: "search" }, search, statuses));
}

function renewList(panel) {
  const documents = all(`${kind}:`).map(([, one]) => one);
  const statuses = [...new Set(documents.map(stateOf).filter(Boolean))].sort();
  const select = panel.querySelector(".finder select");
  const offered = ["", ...statuses].join();
  if (select.dataset.offered !== offered) {
    select.dataset.offered = offered;
    fill(select, h("option", { value: "" }, "Any status"), statuses.map((one) => h("option", { value: one }, spaced(one))));
  }
  select.value = status;
  select.hidden = !statuses.length;
  const wanted = query.trim().toLowerCase();
  const found = documents.filter((one) => (!status || stateOf(one) === status) && (!wanted || textOf(one).includes(wanted)));
  found.sort((a, b) => (changes.has(at(b)) ? 1 : 0) - (changes.has(at(a)) ? 1 : 0) || (b.date ?? b.created_at) - (a.date ?? a.created_at));
  const shown = found.slice(0, most);
  sync(
    panel.querySelector(".documents"),
    shown.map((one) => ({ key: one.id, sign: JSON.stringify([kind, one, changes.get(at(one))]), draw: () => listed(one) })),
  );
  const more = () => {
    most += PAGE;
    draw();
  };
  fill(
    panel.querySelector(".more"),
    !found.length && h("p", { class: "empty" }, "Nothing is found."),
    found.length > shown.length && h("button", { class: "button", "data-focus": "more", on: { click: more } }, `Show more (${found.length - shown.length})`),
  );
}

const at = (document) => `${document.object}/${document.id}`;
const stateOf = (document) => document.status ?? "";
const spaced = (word) => String(word).replaceAll("_", " ");

function nameOf(customerId) {
  const customer = get(`customer:${customerId}`);
  return customer?.company ?? ([customer?.first_name, customer?.last_name].filter(Boolean).join(" ") || customer?.email || customerId);
}

function textOf(document) {
  const customer = document.customer_id ?? document.id;
  const amounts = ["total", "amount_due"].filter((field) => field in document).map((field) => money(document[field], document.currency_code));
  return [document.id, customer, nameOf(customer), document.email, ...amounts].join(" ").toLowerCase();
}

function listed(document) {
  const change = changes.get(at(document));
  const isCustomer = document.object === "customer";
  const amount = isCustomer ? document.email ?? "" : money(document.total, document.currency_code);
  const due = document.amount_due ? `${money(document.amount_due, document.currency_code)} due` : "";
  return h(
    "li",
    {},
    h(
      "button",
      { class: "document", "data-focus": at(document), on: { click: () => look({ document: at(document) }) } },
      h("span", { class: "line" }, h("b", {}, document.id), change && h("span", { class: "moved" }, change === "new" ? "new" : "changed"), h("span", { class: "amount" }, amount)),
      h("span", { class: "line small" }, h("span", { class: "grow" }, isCustomer ? nameOf(document.id) : nameOf(document.customer_id)), due && h("span", {}, due), badge(stateOf(document))),
    ),
  );
}

const badge = (word) => word && h("span", { class: `badge is-${word}` }, spaced(word));

// Chargebee counts in hundredths, except for currencies without decimals. Digits only, no arithmetic.
export function money(minor, currency) {
  if (typeof minor !== "number" || !currency) return String(minor ?? "");
  const whole = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits === 0;
  const digits = String(Math.abs(minor)).padStart(whole ? 1 : 3, "0");
  const text = whole ? digits : `${digits.slice(0, -2)}.${digits.slice(-2)}`;
  const [integer, rest] = text.split(".");
  const grouped = integer.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${minor < 0 ? "−" : ""}${grouped}${rest ? `.${rest}` : ""} ${currency}`;
}

// -- one document

function drawDocument(name, id) {
  const document = get(`${name}:${id}`);
  const back = h("button", { class: "button", "data-focus": "back", on: { click: () => look({ document: "" }) } }, "‹ All documents");
  if (!document) return [back, h("p", { class: "empty" }, `There is no ${spaced(name)} ${id}.`)];
  const change = changes.get(`${name}/${id}`);
  const fields = Object.entries(document).filter(([field, value]) => field !== "object" && !(Array.isArray(value) && !value.length));
  const flat = fields.filter(([, value]) => !Array.isArray(value) && typeof value !== "object");
  const deep = fields.filter(([, value]) => Array.isArray(value) || (value && typeof value === "object"));
  const forget = () => {
    changes.delete(`${name}/${id}`);
    draw();
  };
  const comments = all("comment:").map(([, one]) => one).filter((one) => one.entity_type === name && one.entity_id === id);
  return [
    h("div", { class: "line" }, back, change && h("button", { class: "button", "data-focus": "forget", on: { click: forget } }, "Unmark changes")),
    h("h2", { class: "document-head" }, document.id, badge(stateOf(document)), change === "new" && h("span", { class: "moved" }, "new")),
    document.customer_id && h("p", {}, h("button", { class: "link", on: { click: () => look({ document: `customer/${document.customer_id}` }) } }, nameOf(document.customer_id))),
    name === "customer" && related(id),
    h("table", { class: "fields-table" }, h("caption", { class: "hidden-text" }, `${spaced(name)} ${id} as it stands`), h("tbody", {}, [...flat].sort(byWeight(change)).map(([field, value]) => fieldRow(field, value, document, change)))),
    comments.length > 0 && h("div", {}, h("h3", {}, "Comments"), h("ul", { class: "comments" }, comments.map((one) => h("li", {}, h("span", { class: "pre" }, one.notes), h("small", {}, ` ${one.added_by}, ${moment(one.created_at)}`))))),
    deep.map(([field, value]) => nested(field, value, document, change)),
  ];
}

const FIRST = ["status", "type", "total", "amount_due", "amount_paid", "amount_adjusted", "write_off_amount", "credits_applied", "amount_allocated", "amount_available", "date", "due_date"];

// What changed comes first, then what matters most, then the rest as Chargebee has it.
function byWeight(change) {
  const moved = (field) => (change && change !== "new" && field in change ? 0 : 1);
  const rank = (field) => (FIRST.includes(field) ? FIRST.indexOf(field) : FIRST.length);
  return ([a], [b]) => moved(a) - moved(b) || rank(a) - rank(b);
}

function fieldRow(field, value, document, change) {
  const moved = change && change !== "new" && field in change;
  const was = moved && h("small", { class: "was" }, " was ", valueOf(field, change[field], document));
  return h("tr", { class: moved ? "moved-row" : null }, h("th", { scope: "row" }, field), h("td", {}, valueOf(field, value, document), was));
}

function valueOf(field, value, document) {
  if (value === null || value === undefined) return "none";
  if (typeof value === "number" && /(_at|date|_from|_to)$/.test(field) && value > 1e8) return h("time", { title: exact(value) }, moment(value));
  if (typeof value === "number" && document.currency_code && AMOUNT.test(field)) return h("span", { title: `${value} in minor units` }, money(value, document.currency_code));
  return h("span", { class: "pre" }, typeof value === "object" ? JSON.stringify(value) : String(value));
}

function nested(field, value, document, change) {
  const rows = Array.isArray(value) ? value : [value];
  const moved = change && change !== "new" && field in change;
  const shown = rows.slice(0, 25);
  const inside = { ...document };
  return h(
    "details",
    { class: moved ? "moved-row" : null, open: moved || null },
    h("summary", {}, Array.isArray(value) ? `${field} (${rows.length})` : field, moved && h("span", { class: "moved" }, "changed")),
    shown.map((row) =>
      row && typeof row === "object"
        ? h("table", { class: "fields-table" }, h("tbody", {}, Object.entries(row).filter(([key]) => key !== "object").map(([key, one]) => fieldRow(key, one, inside, null))))
        : h("p", {}, String(row)),
    ),
    rows.length > shown.length && h("p", { class: "empty" }, `and ${rows.length - shown.length} more`),
  );
}

function related(customerId) {
  const mine = ["invoice", "credit_note"].flatMap((one) => all(`${one}:`).map(([, document]) => document).filter((document) => document.customer_id === customerId));
  const shown = mine.slice(-30).reverse();
  if (!shown.length) return null;
  return h("details", {}, h("summary", {}, `Invoices and credit notes (${mine.length})`), h("ul", { class: "documents" }, shown.map(listed)));
}
