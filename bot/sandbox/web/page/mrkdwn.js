// Slack's markup as nodes: *bold* _italic_ ~strike~ `code` ```block``` > quote, <links>, mentions, dates and emoji.
// Source: "Formatting message text". Whatever is not markup is text.

import { exact, formatted } from "./dates.js";
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { link } from "./links.js";
import { get } from "./state.js";

const SPAN = /```([\s\S]+?)```|`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])|:([\w+'-]+):/g;

const plain = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export function mrkdwn(text) {
  const nodes = [];
  let quote = null;
  for (const [index, line] of lines(text)) {
    if (line.startsWith("&gt;")) {
      if (!quote) nodes.push((quote = h("blockquote")));
      else quote.append(h("br"));
      quote.append(...spans(line.slice(4).trimStart()));
    } else {
      if (index && !quote) nodes.push(h("br"));
      quote = null;
      nodes.push(...spans(line));
    }
  }
  return nodes;
}

// Lines, except that a code block keeps its own.
function lines(text) {
  const found = [];
  let open = false;
  for (const line of text.split("\n")) {
    if (open) found[found.length - 1] += `\n${line}`;
    else found.push(line);
    if ((line.match(/```/g) ?? []).length % 2) open = !open;
  }
  return found.entries();
}

function spans(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(SPAN)) {
    if (match.index > end) nodes.push(plain(text.slice(end, match.index)));
    nodes.push(span(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(plain(text.slice(end)));
  return nodes;
}

function span([whole, block, code, angle, bold, italic, strike, name]) {
  if (block !== undefined) return h("pre", {}, plain(block));
  if (code !== undefined) return h("code", {}, plain(code));
  if (angle !== undefined) return reference(angle);
  if (bold !== undefined) return h("b", {}, spans(bold));
  if (italic !== undefined) return h("i", {}, spans(italic));
  if (strike !== undefined) return h("s", {}, spans(strike));
  const drawn = emoji(name);
  return drawn === whole ? whole : drawn;
}

function reference(inside) {
  const at = inside.indexOf("|");
  const target = at < 0 ? inside : inside.slice(0, at);
  const label = at < 0 ? "" : plain(inside.slice(at + 1));
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channel(target.slice(1), label);
  if (target.startsWith("!subteam^")) return mention(target.slice(9), label);
  if (target.startsWith("!date^")) {
    const [, seconds, format, url] = target.split("^");
    const shown = date(Number(seconds), format ?? "", label);
    return url ? link(plain(url), [shown]) : shown;
  }
  if (target.startsWith("!")) return broadcast(target.slice(1));
  return link(plain(target), [label || plain(target)]);
}

export function mention(id, label = "") {
  const mine = id === get("me")?.id;
  return h("span", { class: mine ? "mention mine" : "mention" }, `@${get("names")?.[id] ?? (label || id)}`);
}

export const channel = (id, label = "") => h("span", { class: "mention" }, `#${get("names")?.[id] ?? (label || id)}`);

export const broadcast = (range) => h("span", { class: "mention mine" }, `@${range}`);

export function date(seconds, format, fallback) {
  const props = Number.isFinite(seconds) ? { datetime: new Date(seconds * 1000).toISOString(), title: exact(seconds) } : {};
  return h("time", props, formatted(seconds, format, fallback));
}

// A text object: plain_text as it is (with emoji, if it says so), mrkdwn as markup.
export function text(object) {
  if (typeof object === "string") return [object];
  if (object?.type === "mrkdwn") return mrkdwn(object.text);
  const words = String(object?.text ?? "");
  const shown = object?.emoji === false ? words : words.replace(/:([\w+'-]+):/g, (_, name) => emoji(name));
  return shown.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}

export const words = (object) => (typeof object === "string" ? object : String(object?.text ?? ""));

// What a phone or a screen reader says of a message: its text, without markup.
export const spoken = (source) => h("span", {}, mrkdwn(source)).textContent;
