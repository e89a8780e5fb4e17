// Block Kit blocks as elements. What is not known, or is not what it should be, says so where it stands.
//
// `place` says where the blocks are: {at: {message: {channel, ts}} or {view: id}, id, values, errors, user, draft}.

import { drawElement } from "./elements.js";
import { h, newId } from "./dom.js";
import { text, words } from "./mrkdwn.js";
import { rich } from "./rich.js";

const BLOCKS = {
  section(block, place) {
    const body = h(
      "div",
      { class: "section-body" },
      block.text && h("div", { class: "text" }, text(block.text)),
      block.fields && h("div", { class: "fields" }, block.fields.map((one) => h("div", { class: "text" }, text(one)))),
    );
    const accessory = block.accessory && h("div", { class: "accessory" }, drawElement(block.accessory, block, place));
    return h("div", { class: "section" }, body, accessory);
  },
  header: (block) => h("h3", { class: "block-header" }, text(block.text)),
  divider: () => h("hr"),
  context: (block, place) =>
    h(
      "div",
      { class: "context" },
      block.elements.map((one) => (one.type === "image" ? drawElement(one, block, place) : h("span", {}, text(one)))),
    ),
  actions: (block, place) => h("div", { class: "actions" }, block.elements.map((one) => drawElement(one, block, place))),
  rich_text: (block) => h("div", { class: "rich-text" }, rich(block)),
  image: (block) => h("figure", {}, block.title && h("figcaption", {}, text(block.title)), picture(block)),
  alert: (block) =>
    h("div", { class: `alert ${block.level ?? "default"}`, role: "note" }, h("span", {}, text(block.text))),
  input,
};

export function drawBlocks(blocks, place) {
  return blocks.map((block) => {
    try {
      const draw = BLOCKS[block.type];
      const node = draw ? draw(block, place) : cannot(block.type);
      node.dataset.block = block.block_id ?? "";
      return node;
    } catch (error) {
      console.error(error);
      return cannot(block?.type);
    }
  });
}

export const cannot = (type) => h("div", { class: "cannot" }, `cannot draw this: ${type ?? "something without a type"}`);

// Pictures from outside are not loaded: the page asks nobody for anything. Their words are shown instead.
export function picture(image) {
  const url = image.image_url ?? "";
  if (url.startsWith("data:image/")) return h("img", { src: url, alt: image.alt_text });
  return h("span", { class: "picture", role: "img", "aria-label": image.alt_text }, `🖼 ${image.alt_text}`);
}

// A field: label, element, hint, and what is wrong with it. Several choices are one group with a legend.
function input(block, place) {
  const error = place.errors?.[block.block_id];
  const ids = { field: newId("field"), hint: block.hint && newId("hint"), error: error && newId("error") };
  const described = [ids.error, ids.hint].filter(Boolean).join(" ") || null;
  const grouped = ["radio_buttons", "checkboxes"].includes(block.element.type);
  const label = [text(block.label), block.optional && h("span", { class: "optional" }, " (optional)")];
  const field = { id: ids.field, described, invalid: Boolean(error), required: !block.optional, label: words(block.label) };
  const parts = [
    drawElement(block.element, block, place, field),
    error && h("p", { class: "field-error", id: ids.error }, error),
    block.hint && h("p", { class: "hint", id: ids.hint }, text(block.hint)),
  ];
  return grouped
    ? h("fieldset", { class: error ? "input wrong" : "input", "aria-describedby": described }, h("legend", {}, label), parts)
    : h("div", { class: error ? "input wrong" : "input" }, h("label", { for: ids.field }, label), parts);
}
