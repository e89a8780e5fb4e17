// The app's Home tab.

import { act } from "./acts.js";
import { drawBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { get } from "./state.js";

export function drawHome() {
  const home = get("home");
  if (!home) return h("div", { class: "home" }, h("p", { class: "empty" }, "The app has not drawn anything here for this person."));
  const at = { view: "home" };
  const spot = (block, element) => ({ ...at, block_id: block.block_id, action_id: element.action_id });
  const place = {
    at,
    errors: {},
    value: (block, element) => home.state.values[block.block_id]?.[element.action_id],
    keep: () => {},
    enter: (block, element, raw) => act("click", { ...spot(block, element), value: raw }),
    press: (block, element) => act("click", spot(block, element)),
    suggest: async (block, element, query) => (await act("suggest", { ...spot(block, element), query }))?.options ?? [],
  };
  return h("div", { class: "home blocks", tabindex: "0", "aria-label": "Home tab" }, drawBlocks(home.blocks, place));
}
