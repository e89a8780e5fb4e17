// The live events of one person. The browser connects again by itself; a server that falls silent counts as lost.

import { apply, get, set, watch } from "./state.js";

const SILENT_MS = 25_000; // the server's heart beats every 10 s

let source = null;
let person = "";
let watchdog = 0;

export function begin() {
  watch(["view"], connect);
  connect();
}

function connect() {
  const { as } = get("view");
  if (as === person) return;
  person = as;
  open();
}

function open() {
  source?.close();
  source = new EventSource(`/events?as=${encodeURIComponent(person)}`);
  source.addEventListener("message", (event) => {
    heard();
    apply(JSON.parse(event.data));
  });
  source.addEventListener("beat", heard);
  source.addEventListener("error", () => {
    lost();
    if (source.readyState === EventSource.CLOSED) setTimeout(open, 1000); // the server answered, but not with events
  });
  heard({ opening: true });
}

function heard({ opening = false } = {}) {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => {
    lost();
    open();
  }, SILENT_MS);
  if (!opening && get("connection") !== "open") set("connection", "open");
}

function lost() {
  if (get("connection") !== "lost") set("connection", "lost");
}
