// Making and renewing elements. Text goes in as text: nothing here, or anywhere on the page, parses markup.

// h("button", {class: "x", "aria-label": "y", on: {click: f}}, "text", node, [more]): an element.
// A property that is false, null or undefined is left out; `value`, `checked` and `disabled` are set as properties.
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "on") for (const [event, f] of Object.entries(value)) node.addEventListener(event, f);
    else if (["value", "checked", "disabled", "selected"].includes(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return node;
}

// Replaces what stands in `parent`, and keeps the focus (and the caret) on what carries the same `data-focus`.
export function fill(parent, ...children) {
  keepFocus(parent, () => parent.replaceChildren(...children.flat(Infinity).filter(Boolean)));
}

// Shows `items` in `parent`, in order. An item is {key, sign, draw}: a node is drawn anew only when its sign changes.
// Answers the nodes that were drawn.
export function sync(parent, items) {
  const drawn = [];
  keepFocus(parent, () => {
    const present = new Map([...parent.children].map((node) => [node.dataset.key, node]));
    let after = null;
    for (const item of items) {
      let node = present.get(item.key);
      present.delete(item.key);
      if (!node || node.sign !== item.sign) {
        const fresh = item.draw(node);
        fresh.dataset.key = item.key;
        fresh.sign = item.sign;
        if (node) node.replaceWith(fresh);
        node = fresh;
        drawn.push(node);
      }
      const next = after ? after.nextSibling : parent.firstChild;
      if (next !== node) parent.insertBefore(node, next);
      after = node;
    }
    for (const node of present.values()) node.remove();
  });
  return drawn;
}

function keepFocus(parent, change) {
  const active = parent.contains(document.activeElement) ? document.activeElement : null;
  const key = active?.dataset.focus;
  const caret = key && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
  change();
  if (!key || document.activeElement === active) return;
  const again = parent.querySelector(`[data-focus="${CSS.escape(key)}"]`);
  again?.focus({ preventScroll: true });
  if (again && caret && caret[0] !== null) {
    try {
      again.setSelectionRange(...caret);
    } catch {
      // this kind of input has no caret
    }
  }
}

let count = 0;
export const newId = (prefix) => `${prefix}-${(count += 1)}`;
