// A select whose options the app looks up while somebody types (the combobox pattern of the ARIA practices).

import { h, newId } from "./dom.js";
import { text, words } from "./mrkdwn.js";

const PAUSE_MS = 200;

let placeOpen = null; // puts the list that is open where its field is
for (const event of ["scroll", "resize"]) addEventListener(event, () => placeOpen?.(), { capture: true, passive: true });

export function externalSelect(element, block, place, field) {
  const least = element.min_query_length ?? 3;
  const listId = newId("options");
  let chosen = place.value(block, element)?.selected_option ?? null;
  let options = [];
  let at = -1;
  let timer = 0;
  let asked = 0;

  const list = h("ul", { class: "options", role: "listbox", id: listId, "aria-label": `Options for ${field.label}`, hidden: true });
  const said = h("p", { class: "said", role: "status" });
  const input = h("input", {
    id: field.id,
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: words(element.placeholder),
    value: chosen ? words(chosen.text) : "",
    "data-focus": `${block.block_id}/${element.action_id}`,
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    "aria-describedby": field.described,
    "aria-invalid": field.invalid ? "true" : null,
    "aria-required": field.required ? "true" : null,
    "aria-label": field.loose ? field.label : null,
  });
  const clear = h("button", { type: "button", class: "plain-x", "aria-label": `Clear ${field.label}`, hidden: !chosen }, "×");

  // Over everything, where there is room: below the field, or above it. It moves nothing, so that no click misses.
  const put = () => {
    const { left, top, bottom, width } = input.getBoundingClientRect();
    const below = innerHeight - bottom - 12;
    const up = below < 180 && top > below;
    Object.assign(list.style, {
      left: `${left}px`, width: `${width}px`, maxHeight: `${Math.min(290, up ? top - 12 : below)}px`,
      top: up ? "auto" : `${bottom + 4}px`, bottom: up ? `${innerHeight - top + 4}px` : "auto",
    });
  };
  const show = (open) => {
    list.hidden = !open;
    placeOpen = open ? put : null;
    placeOpen?.();
    input.setAttribute("aria-expanded", String(open));
    if (!open) input.removeAttribute("aria-activedescendant");
  };
  const mark = (index) => {
    at = index;
    [...list.children].forEach((node, number) => node.setAttribute("aria-selected", String(number === at)));
    const node = list.children[at];
    if (node?.id) input.setAttribute("aria-activedescendant", node.id);
    node?.scrollIntoView({ block: "nearest" });
  };
  const note = (line) => {
    said.textContent = line;
    options = [];
    list.replaceChildren(h("li", { class: "hint", role: "presentation" }, line));
    show(true);
  };
  const choose = (option) => {
    chosen = option;
    input.value = option ? words(option.text) : "";
    clear.hidden = !option;
    said.textContent = option ? `${words(option.text)} chosen` : "Nothing chosen";
    show(false);
    place.enter(block, element, option?.value ?? null);
  };
  const offer = (found) => {
    options = found;
    if (!options.length) return note("No results");
    said.textContent = `${options.length} found`;
    list.replaceChildren(
      ...options.map((option) =>
        h(
          "li",
          { role: "option", id: newId("option"), "aria-selected": "false", on: { pointerdown: (event) => (event.preventDefault(), choose(option)) } },
          h("span", {}, text(option.text)),
          option.description && h("span", { class: "hint" }, text(option.description)),
        ),
      ),
    );
    show(true);
    mark(0);
  };
  const look = async () => {
    const query = input.value.trim();
    if (query.length < least) return show(false);
    const turn = (asked += 1);
    note("Looking…");
    const found = await place.suggest(block, element, query);
    if (turn === asked && document.activeElement === input) offer(found);
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  input.addEventListener("focus", () => {
    input.select();
    if (!chosen && least === 0) look();
  });
  input.addEventListener("blur", () => {
    clearTimeout(timer);
    asked += 1;
    show(false);
    if (!input.value.trim() && chosen) choose(null);
    else input.value = chosen ? words(chosen.text) : "";
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && list.hidden) look();
    else if (event.key === "ArrowDown" && options.length) mark((at + 1) % options.length);
    else if (event.key === "ArrowUp" && options.length) mark((at - 1 + options.length) % options.length);
    else if (event.key === "Enter" && !list.hidden && options[at]) choose(options[at]);
    else if (event.key === "Enter") place.submit?.();
    else if (event.key === "Escape" && !list.hidden) {
      show(false);
      event.stopPropagation();
    } else return;
    event.preventDefault();
  });
  clear.addEventListener("click", () => {
    choose(null);
    input.focus();
  });
  return h("div", { class: "combo" }, input, clear, list, said);
}
