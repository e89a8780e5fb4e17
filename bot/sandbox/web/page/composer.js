// Writing: messages, mentions and slash commands with completion and usage hints.

import { act } from "./acts.js";
import { fill, h, newId } from "./dom.js";
import { channelOf } from "./places.js";
import { all, get, watch } from "./state.js";
import { view } from "./view.js";

let main = null;

export function begin() {
  main = composer(document.getElementById("composer"), { id: "composer-text" });
  watch(["view", "me", "channel:", "commands", "names"], main.renew);
  addEventListener("thread-open", ({ detail: form }) => composer(form, { thread: true }).renew());
}

// Puts something into the field, for whoever wants to be shown; they send it themselves.
export function propose(text) {
  main.put(text);
}

// A draft for each person and place, so that being somebody else for a while loses nothing.
const drafts = new Map();

function composer(form, { id = newId("text"), thread = false }) {
  const listId = newId("offers");
  const list = h("ul", { class: "options", role: "listbox", id: listId, "aria-label": "Completions", hidden: true });
  const hint = h("p", { class: "usage", "aria-live": "polite" });
  const field = h("textarea", {
    id, rows: 1, role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "false", "aria-controls": listId,
    "aria-autocomplete": "list", on: { input: renewOffers, keydown: key, blur: () => show(false) },
  });
  const send = h("button", { type: "submit", class: "button primary" }, "Send");
  fill(form, list, hint, h("div", { class: "field" }, field, send));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  let offers = [];
  let at = 0;
  let spot = "";

  const why = () => {
    const { in: where } = view();
    const channel = get(`channel:${where}`);
    if (get("me")?.cannot) return get("me").cannot;
    if (where === "home") return "";
    if (where !== "app" && !channel) return "You are not in this channel.";
    return channel?.is_archived ? "This channel is archived: nobody can write here." : "";
  };

  function renew() {
    if (!get("me")) return;
    const { as, in: where } = view();
    const now = `${as}|${where}|${thread}`;
    if (spot !== now) {
      spot = now;
      field.value = drafts.get(spot) ?? "";
      show(false);
    }
    const refusal = why();
    field.disabled = send.disabled = Boolean(refusal);
    form.hidden = where === "home";
    const name = where === "app" ? "the app" : `#${get(`channel:${where}`)?.name ?? ""}`;
    field.placeholder = refusal || (thread ? "Answer in the thread" : `Message ${name}, or / for commands`);
    field.setAttribute("aria-label", thread ? "Answer in the thread" : `Message ${name}`);
    grow();
    usage();
  }

  function put(text) {
    field.value = text;
    drafts.set(spot, text);
    grow();
    usage();
    field.focus();
  }

  function grow() {
    field.rows = Math.min(8, Math.max(1, field.value.split("\n").length));
  }

  function usage() {
    const word = field.value.split(/\s/, 1)[0];
    const command = field.value.startsWith("/") ? get("commands")?.find((one) => one.command === word) : null;
    fill(hint, command && h("code", {}, `${command.command} ${command.usage}`), command && ` ${command.description}`);
  }

  function renewOffers() {
    drafts.set(spot, field.value);
    grow();
    usage();
    const before = field.value.slice(0, field.selectionStart);
    const name = /(^|\s)([@#])([\p{L}\w.-]*)$/u.exec(before);
    if (/^\/\S*$/.test(before)) offer(commandOffers(before));
    else if (name) offer(nameOffers(name[2], name[3], before.length - name[3].length - 1));
    else show(false);
  }

  const commandOffers = (typed) =>
    (get("commands") ?? [])
      .filter((one) => one.command.startsWith(typed))
      .map((one) => ({ from: 0, puts: `${one.command} `, name: `${one.command} ${one.usage}`, more: one.description }));

  function nameOffers(sign, typed, from) {
    const like = (text) => text.toLowerCase().includes(typed.toLowerCase());
    const found =
      sign === "@"
        ? (get("cast") ?? []).filter((one) => like(one.handle) || like(one.name)).map((one) => ({ puts: one.handle, name: one.name }))
        : all("channel:").filter(([, one]) => !one.is_im && like(one.name)).map(([, one]) => ({ puts: one.name, name: "" }));
    return found.slice(0, 8).map((one) => ({ from, puts: `${sign}${one.puts} `, name: `${sign}${one.puts}`, more: one.name }));
  }

  function offer(found) {
    offers = found;
    if (!found.length) return show(false);
    list.replaceChildren(
      ...found.map((one) =>
        h("li", { role: "option", id: newId("offer"), on: { pointerdown: (event) => (event.preventDefault(), take(one)) } }, h("span", {}, one.name), h("span", { class: "hint" }, one.more)),
      ),
    );
    show(true);
    mark(0);
  }

  function mark(index) {
    at = index;
    [...list.children].forEach((node, number) => node.setAttribute("aria-selected", String(number === at)));
    field.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function show(open) {
    list.hidden = !open;
    field.setAttribute("aria-expanded", String(open));
    if (!open) field.removeAttribute("aria-activedescendant");
  }

  function take(one) {
    const after = field.value.slice(field.selectionStart);
    const text = field.value.slice(0, one.from) + one.puts;
    put(text + after.trimStart());
    field.setSelectionRange(text.length, text.length);
    show(false);
  }

  function key(event) {
    if (event.isComposing) return;
    const open = !list.hidden;
    const exact = open && field.value.trim() === offers[at]?.puts.trim();
    if (open && event.key === "ArrowDown") mark((at + 1) % offers.length);
    else if (open && event.key === "ArrowUp") mark((at - 1 + offers.length) % offers.length);
    else if (open && event.key === "Escape") show(false);
    else if (open && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey && !exact) take(offers[at]);
    else if (event.key === "Enter" && !event.shiftKey) submit();
    else return;
    event.preventDefault();
  }

  async function submit() {
    const text = field.value.trim();
    if (!text || field.disabled) return;
    const sentFrom = spot;
    const channel = channelOf(view().in) || undefined;
    put("");
    show(false);
    const thread_ts = thread ? view().thread : undefined;
    const answer = text.startsWith("/")
      ? await act("command", { channel, text, thread_ts })
      : await act("message", { channel, text: asSent(text), thread_ts });
    if (!answer && spot === sentFrom && !field.value) put(text);
  }

  return { renew, put };
}

// As Slack sends what was typed: markup signs escaped, names as ids.
function asSent(text) {
  const people = new Map((get("cast") ?? []).map((one) => [one.handle, one.id]));
  const channels = new Map(all("channel:").map(([id, one]) => [one.name, id]));
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/@([\p{L}\w.-]*[\p{L}\w])/gu, (whole, handle) => (people.has(handle) ? `<@${people.get(handle)}>` : whole))
    .replace(/#([\w-]+)/g, (whole, name) => (channels.has(name) ? `<#${channels.get(name)}>` : whole));
}
