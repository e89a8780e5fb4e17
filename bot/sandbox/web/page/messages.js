// The messages of the place the viewer is in: drawn once each, changed in place, the oldest ones only when asked for.

import { act } from "./acts.js";
import { drawBlocks } from "./blocks.js";
import { dayOf, exact, time } from "./dates.js";
import { fill, h, sync } from "./dom.js";
import { mrkdwn, spoken } from "./mrkdwn.js";
import { channelOf } from "./places.js";
import { lastRead, readUpTo } from "./unread.js";
import { all, get, watch } from "./state.js";
import { look, view } from "./view.js";

const PAGE = 60;

let place = ""; // as|in, of what is drawn now
let most = PAGE;
let atEnd = true; // whether the newest message is in sight; then it stays so
let readBefore = ""; // where the viewer had stopped reading when they came here

export function begin() {
  watch(["message:", "view", "names", "channel:", "me"], draw);
  addEventListener("focus", seen);
  const pane = document.getElementById("messages");
  const follow = () => atEnd && (pane.scrollTop = pane.scrollHeight);
  pane.addEventListener("scroll", () => (atEnd = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 60));
  const sizes = new ResizeObserver(follow);
  sizes.observe(pane);
  sizes.observe(document.getElementById("message-list"));
}

export const inChannel = (channel) => all(`message:${channel}/`).map(([, message]) => message);

// Answers in a thread stand in the thread; whoever begins one stands here.
const isTop = (message) => !message.thread_ts || message.thread_ts === message.ts;

function draw() {
  const pane = document.getElementById("messages");
  const { as, in: where } = view();
  pane.hidden = where === "home";
  if (pane.hidden || !get("me")) return;
  const channel = channelOf(where);
  const fresh = place !== `${as}|${where}`;
  if (fresh) {
    place = `${as}|${where}`;
    most = PAGE;
    atEnd = true;
    readBefore = lastRead(as, channel);
  }
  const messages = inChannel(channel).filter(isTop).sort((a, b) => Number(a.ts) - Number(b.ts));
  const shown = messages.slice(-most);
  sync(document.getElementById("message-list"), [...head(messages.length, shown.length), ...shown.flatMap((one, index) => rows(one, shown[index - 1]))]);
  if (atEnd) pane.scrollTop = pane.scrollHeight;
  seen();
}

function head(many, few) {
  if (!many) return [{ key: "empty", sign: place, draw: () => h("p", { class: "empty" }, "Nothing has been written here yet.") }];
  if (many === few) return [];
  const earlier = () => {
    const pane = document.getElementById("messages");
    const below = pane.scrollHeight - pane.scrollTop;
    most += PAGE;
    atEnd = false;
    draw();
    pane.scrollTop = pane.scrollHeight - below;
  };
  const label = `Show earlier messages (${many - few} more)`;
  return [{ key: "earlier", sign: label, draw: () => h("button", { class: "button earlier", "data-focus": "earlier", on: { click: earlier } }, label) }];
}

function rows(message, before) {
  const day = dayOf(Number(message.ts));
  const found = [];
  if (!before || dayOf(Number(before.ts)) !== day) {
    found.push({ key: `day-${message.ts}`, sign: day, draw: () => h("div", { class: "day" }, h("span", {}, day)) });
  }
  const isNew = message.user !== view().as && readBefore && message.ts > readBefore && (!before || before.ts <= readBefore);
  if (isNew) found.push({ key: "new", sign: "", draw: () => h("div", { class: "new" }, h("span", {}, "New")) });
  found.push(row(message, false));
  return found;
}

// One message as an item for `sync`. `inThread`: it stands in the thread already.
export function row(message, inThread) {
  const sign = JSON.stringify([message, get("names"), get("me").tz, inThread]);
  return { key: message.ts, sign, draw: (old) => drawMessage(message, inThread, old) };
}

function drawMessage(message, inThread, old) {
  const names = get("names");
  const author = names[message.user] ?? message.user;
  const isApp = Boolean(message.bot_id);
  const stamp = Number(message.ts);
  const node = h(
    "article",
    { class: `message ${message.is_ephemeral ? "ephemeral" : ""} ${old ? "changed" : ""}`, "aria-label": `${author}, ${time(stamp)}` },
    avatar(author, isApp),
    h(
      "div",
      { class: "message-body" },
      message.is_ephemeral && h("p", { class: "only" }, "👁 Only visible to you"),
      h(
        "p",
        { class: "by" },
        h("b", {}, author),
        isApp && h("span", { class: "app" }, "APP"),
        h("time", { datetime: new Date(stamp * 1000).toISOString(), title: exact(stamp) }, time(stamp)),
        message.edited && h("span", { class: "edited", title: "This message was changed in place" }, "edited"),
      ),
      body(message),
      !inThread && message.reply_count ? threadLink(message) : null,
    ),
    tools(message, inThread),
  );
  return node;
}

function body(message) {
  if (!message.blocks?.length) return h("div", { class: "text" }, mrkdwn(message.text));
  return h("div", { class: "blocks" }, drawBlocks(message.blocks, placeOf(message)));
}

function placeOf(message) {
  const at = { message: { channel: message.channel, ts: message.ts } };
  const spot = (block, element) => ({ ...at, block_id: block.block_id, action_id: element.action_id });
  const initial = ({ initial_option, initial_options, initial_value, initial_date }) => ({
    selected_option: initial_option, selected_options: initial_options, value: initial_value, selected_date: initial_date,
  });
  return {
    at,
    errors: {},
    value: (_block, element) => initial(element),
    keep: () => {},
    enter: (block, element, raw) => act("click", { ...spot(block, element), value: raw }),
    press: (block, element) => act("click", spot(block, element)),
    suggest: async (block, element, query) => (await act("suggest", { ...spot(block, element), query }))?.options ?? [],
  };
}

function threadLink(message) {
  const words = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}, last ${time(Number(message.latest_reply))}`;
  return h("button", { class: "thread-link", "data-focus": `thread-${message.ts}`, on: { click: () => look({ thread: message.ts }) } }, words);
}

function tools(message, inThread) {
  const phone = (event) => {
    const box = event.target.closest(".message").querySelector(".message-body");
    const open = box.querySelector(".phone");
    if (open) open.remove();
    else box.append(h("p", { class: "phone" }, h("span", {}, "📱 On a phone: "), spoken(message.text)));
    event.target.setAttribute("aria-pressed", String(!open));
  };
  return h(
    "div",
    { class: "tools" },
    h("button", { "data-focus": `phone-${message.ts}`, "aria-pressed": "false", title: "The text that a phone shows as notification", on: { click: phone } }, "On a phone"),
    !inThread && !message.is_ephemeral && h("button", { "data-focus": `reply-${message.ts}`, on: { click: () => look({ thread: message.ts }) } }, "Reply"),
  );
}

export function avatar(name, isApp = false) {
  const initials = name.replace(/[^\p{L}\p{N} ]/gu, "").split(/\s+/).map((word) => word.charAt(0)).slice(0, 2).join("");
  const tone = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 6, 7);
  return h("span", { class: `avatar ${isApp ? "is-app" : `tone-${tone}`}`, "aria-hidden": "true" }, isApp ? "◆" : initials.toUpperCase());
}

// What stands before somebody's eyes has been read.
function seen() {
  const { as, in: where } = view();
  if (where === "home" || !document.hasFocus()) return;
  const newest = get(`latest:${as}`)?.[channelOf(where)];
  if (newest) readUpTo(as, channelOf(where), newest);
}

// The thread beside the conversation.
export function beginThread() {
  watch(["message:", "view", "names", "me"], drawThread);
}

let threadShown = "";

function drawThread() {
  const pane = document.getElementById("thread");
  const { in: where, thread } = view();
  const channel = channelOf(where);
  const parent = thread && get("me") ? get(`message:${channel}/${thread}`) : null;
  pane.hidden = !parent;
  document.getElementById("slack").classList.toggle("with-thread", Boolean(parent));
  if (!parent) {
    threadShown = "";
    return;
  }
  if (threadShown !== `${view().as}|${thread}`) {
    threadShown = `${view().as}|${thread}`;
    const close = h("button", { class: "plain-x", "aria-label": "Close the thread", on: { click: () => look({ thread: "" }) } }, "×");
    fill(pane, h("div", { class: "pane-head" }, h("h2", {}, "Thread"), close), h("div", { class: "thread-list" }), h("form", { class: "composer", "aria-label": "Answer in the thread" }));
    dispatchEvent(new CustomEvent("thread-open", { detail: pane.querySelector("form") }));
  }
  const answers = inChannel(channel).filter((one) => one.thread_ts === thread && one.ts !== thread);
  answers.sort((a, b) => Number(a.ts) - Number(b.ts));
  sync(pane.querySelector(".thread-list"), [parent, ...answers].map((one) => row(one, true)));
}
