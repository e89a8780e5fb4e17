// Block Kit elements: what can be pressed, chosen and typed into.
//
// `place.value(block, element)` is what stands in an element, `place.enter(block, element, raw)` records what a person
// entered, `place.press(block, element)` a click. `field`: ids and marks of the input block around it, if there is one.

import { ask } from "./confirm.js";
import { h, newId } from "./dom.js";
import { externalSelect } from "./external.js";
import { follow } from "./links.js";
import { text, words } from "./mrkdwn.js";
import { cannot, picture } from "./blocks.js";
import { get } from "./state.js";

const ELEMENTS = {
  button,
  image: (element) => picture(element),
  overflow,
  plain_text_input: typed,
  number_input: typed,
  email_text_input: typed,
  url_text_input: typed,
  static_select: select,
  external_select: externalSelect,
  users_select: people,
  datepicker: picker("date", "selected_date"),
  timepicker: picker("time", "selected_time"),
  radio_buttons: choices("radio"),
  checkboxes: choices("checkbox"),
};

export function drawElement(element, block, place, field = null) {
  const draw = ELEMENTS[element.type];
  if (!draw) return cannot(element.type);
  if (element.visible_to_user_ids && !element.visible_to_user_ids.includes(get("me")?.id)) return null;
  return draw(element, block, place, field ?? loose(element, block));
}

// Outside an input block an element is named by its section or its placeholder.
const loose = (element, block) => ({
  id: newId("field"),
  described: null,
  invalid: false,
  required: false,
  label: words(element.placeholder) || words(block.text) || element.type,
  loose: true,
});

const marks = (field, element, block) => ({
  id: field.id,
  "data-focus": `${block.block_id}/${element.action_id}`,
  "aria-describedby": field.described,
  "aria-invalid": field.invalid ? "true" : null,
  "aria-required": field.required ? "true" : null,
  "aria-label": field.loose ? field.label : null,
});

const confirmed = async (element) => !element.confirm || (await ask(element.confirm));

function button(element, block, place) {
  const press = async () => {
    if (!(await confirmed(element))) return;
    if (element.url) follow(element.url);
    node.setAttribute("aria-busy", "true");
    await place.press(block, element);
    node.removeAttribute("aria-busy");
  };
  const node = h(
    "button",
    {
      type: "button",
      class: `button ${element.style ?? ""}`,
      "aria-label": element.accessibility_label,
      "data-focus": `${block.block_id}/${element.action_id}/${element.value ?? ""}`,
      on: { click: press },
    },
    text(element.text),
  );
  return node;
}

function overflow(element, block, place) {
  const choose = async (event) => {
    const { value } = event.target;
    event.target.value = "";
    if (value && (await confirmed(element))) place.enter(block, element, value);
  };
  const options = element.options.map((one) => h("option", { value: one.value }, words(one.text)));
  return h("select", { class: "overflow", "aria-label": "More", on: { change: choose } }, h("option", { value: "" }, "⋯"), options);
}

const MODES = { number_input: "decimal", email_text_input: "email", url_text_input: "url" };

function typed(element, block, place, field) {
  const entered = (event) => place.enter(block, element, event.target.value || null);
  const props = {
    ...marks(field, element, block),
    value: place.value(block, element)?.value ?? "",
    placeholder: words(element.placeholder),
    maxlength: element.type === "plain_text_input" ? element.max_length : null,
    inputmode: MODES[element.type],
    autocomplete: "off",
    on: {
      input: (event) => place.keep(block, element, event.target.value || null),
      change: block.dispatch_action ? null : entered,
      keydown: (event) => {
        if (event.key !== "Enter" || event.isComposing || element.multiline) return;
        event.preventDefault();
        if (block.dispatch_action) entered(event);
        else place.submit?.();
      },
    },
  };
  if (!props.on.change) delete props.on.change;
  if (element.multiline) return h("textarea", { ...props, rows: 3 });
  return h("input", { ...props, type: "text" });
}

function select(element, block, place, field) {
  const chosen = place.value(block, element)?.selected_option?.value ?? "";
  const option = (one) => h("option", { value: one.value, selected: one.value === chosen }, words(one.text));
  const offered = element.option_groups
    ? element.option_groups.map((group) => h("optgroup", { label: words(group.label) }, group.options.map(option)))
    : element.options.map(option);
  const change = async (event) => {
    if (await confirmed(element)) place.enter(block, element, event.target.value || null);
    else event.target.value = chosen;
  };
  const none = h("option", { value: "", selected: !chosen }, words(element.placeholder) || "Choose");
  return h("select", { ...marks(field, element, block), on: { change } }, none, offered);
}

function people(element, block, place, field) {
  const chosen = place.value(block, element)?.selected_user ?? "";
  const offered = (get("cast") ?? []).map((one) => h("option", { value: one.id, selected: one.id === chosen }, one.name));
  const change = (event) => place.enter(block, element, event.target.value || null);
  const none = h("option", { value: "" }, words(element.placeholder) || "Choose a person");
  return h("select", { ...marks(field, element, block), on: { change } }, none, offered);
}

function picker(type, key) {
  return (element, block, place, field) =>
    h("input", {
      ...marks(field, element, block),
      type,
      value: place.value(block, element)?.[key] ?? "",
      on: { change: (event) => place.enter(block, element, event.target.value || null) },
    });
}

function choices(type) {
  return (element, block, place, field) => {
    const value = place.value(block, element);
    const chosen = type === "radio" ? [value?.selected_option] : (value?.selected_options ?? []);
    const values = chosen.filter(Boolean).map((one) => one.value);
    const group = newId("choice");
    const list = h("div", { class: "choices", role: field.loose ? "group" : null, "aria-label": field.loose ? field.label : null });
    const change = () => {
      const now = [...list.querySelectorAll("input:checked")].map((one) => one.value);
      place.enter(block, element, type === "radio" ? (now[0] ?? null) : now);
    };
    for (const one of element.options) {
      const box = h("input", {
        type,
        name: group,
        value: one.value,
        checked: values.includes(one.value),
        "data-focus": `${block.block_id}/${element.action_id}/${one.value}`,
        "aria-invalid": field.invalid ? "true" : null,
        on: { change },
      });
      const more = one.description && h("span", { class: "hint" }, text(one.description));
      list.append(h("label", {}, box, h("span", {}, h("span", {}, text(one.text)), more)));
    }
    return list;
  };
}
