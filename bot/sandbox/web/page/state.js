// What the server said last, as facts by key (the keys stand in facts.py), and what this tab looks at.
// Whoever draws something watches the keys it depends on.

const facts = new Map();
const watchers = [];

export const get = (key) => facts.get(key);

// Every fact whose key begins with `prefix`, as [rest of the key, value], in the server's order.
export function all(prefix) {
  const found = [];
  for (const [key, value] of facts) if (key.startsWith(prefix)) found.push([key.slice(prefix.length), value]);
  return found;
}

// Calls `draw({changed, whole})` whenever a fact changed whose key begins with one of `prefixes`.
export function watch(prefixes, draw) {
  watchers.push({ prefixes, draw });
}

// One event: `{whole, set, gone}`. A whole one replaces everything but what this tab looks at.
export function apply({ whole, set, gone }) {
  const changed = new Map();
  const put = (key, value) => {
    changed.set(key, facts.get(key));
    facts.set(key, value);
  };
  if (whole) {
    for (const key of [...facts.keys()]) {
      if (key in set || key === "view" || key === "connection") continue;
      changed.set(key, facts.get(key));
      facts.delete(key);
    }
  }
  for (const [key, value] of Object.entries(set)) put(key, value);
  for (const key of gone) {
    changed.set(key, facts.get(key));
    facts.delete(key);
  }
  tell(changed, whole);
}

// A fact of this tab's own: `view` or `connection`.
export function set(key, value) {
  const before = facts.get(key);
  facts.set(key, value);
  tell(new Map([[key, before]]), false);
}

function tell(changed, whole) {
  const keys = [...changed.keys()];
  for (const { prefixes, draw } of watchers) {
    if (!prefixes.some((prefix) => keys.some((key) => key.startsWith(prefix)))) continue;
    try {
      draw({ changed, whole });
    } catch (error) {
      console.error(error); // one part that cannot be drawn does not stop the others
    }
  }
}
