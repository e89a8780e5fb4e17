// rich_text blocks: sections, lists, quotes and preformatted text, and what stands in them.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { link } from "./links.js";
import { broadcast, channel, date, mention } from "./mrkdwn.js";

const PARTS = {
  rich_text_section: (part) => h("div", { class: "rich" }, part.elements.map(inline)),
  rich_text_quote: (part) => h("blockquote", {}, part.elements.map(inline)),
  rich_text_preformatted: (part) => h("pre", {}, part.elements.map(inline)),
  rich_text_list: (part) =>
    h(
      part.style === "ordered" ? "ol" : "ul",
      { class: `indent-${Math.min(part.indent ?? 0, 5)}`, start: part.offset ? part.offset + 1 : null },
      part.elements.map((item) => h("li", {}, item.elements.map(inline))),
    ),
};

const INLINE = {
  text: (one) => h("span", { class: "pre" }, one.text),
  link: (one) => link(one.url, [one.text ?? one.url]),
  user: (one) => mention(one.user_id),
  usergroup: (one) => mention(one.usergroup_id),
  channel: (one) => channel(one.channel_id),
  broadcast: (one) => broadcast(one.range),
  emoji: (one) => h("span", {}, emoji(one.name)),
  date: (one) => date(one.timestamp, one.format, one.fallback),
  color: (one) => h("code", {}, one.value),
};

const STYLES = [["bold", "b"], ["italic", "i"], ["strike", "s"], ["code", "code"]];

export function rich(block) {
  return block.elements.map((part) => {
    if (!PARTS[part.type]) throw new Error(`cannot draw ${part.type}`);
    return PARTS[part.type](part);
  });
}

function inline(one) {
  if (!INLINE[one.type]) return h("span", { class: "cannot" }, `cannot draw this: ${one.type}`);
  let node = INLINE[one.type](one);
  for (const [style, tag] of STYLES) if (one.style?.[style]) node = h(tag, {}, node);
  return node;
}
