// What this tab looks at: {as, in, thread, side, document}. It stands in the address, so that a tab can be reloaded,
// opened twice, and left with Back.

import { get, set } from "./state.js";

const FIRST = { as: "U0ANNA", in: "", thread: "", side: "guide", document: "" };

export const view = () => get("view");

export function look(change, { replace = false } = {}) {
  const before = view();
  const next = { ...before, ...change };
  if (before && Object.keys(next).every((key) => next[key] === before[key])) return;
  history[replace ? "replaceState" : "pushState"](null, "", addressOf(next));
  set("view", next);
}

export function addressOf(change) {
  const whole = { ...view(), ...change };
  const query = new URLSearchParams();
  for (const key of Object.keys(FIRST)) if (whole[key] && whole[key] !== FIRST[key]) query.set(key, whole[key]);
  return query.size ? `?${query}` : "/";
}

function fromAddress() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(Object.entries(FIRST).map(([key, first]) => [key, query.get(key) ?? first]));
}

export function begin() {
  set("view", fromAddress());
  addEventListener("popstate", () => set("view", fromAddress()));
}
