// The side bar: the viewer's channels, and the app with its Home tab and direct messages. And the head of the room.

import { act } from "./acts.js";
import { fill, h } from "./dom.js";
import { drawHome } from "./home.js";
import { isUnread } from "./unread.js";
import { all, get, watch } from "./state.js";
import { look, view } from "./view.js";

export function begin() {
  watch(["channel:", "view", "me"], settle);
  watch(["channel:", "view", "latest:", "read", "me", "names"], drawPlaces);
  watch(["channel:", "view", "me", "names", "home"], drawHead);
}

// `app` is the direct message with the app; it exists in Slack once somebody has written there.
export function channelOf(where) {
  return where === "app" ? (all("channel:").find(([, one]) => one.is_im)?.[0] ?? "") : where;
}

// Whoever is in no such channel stands in their first one.
function settle() {
  const { as, in: where } = view();
  if (get("me")?.id !== as || where === "home" || where === "app" || get(`channel:${where}`)) return;
  const first = all("channel:").find(([, one]) => !one.is_im)?.[0];
  look({ in: first ?? "home", thread: "" }, { replace: true });
}

const appName = () => get("cast")?.find((one) => one.is_bot_user)?.name ?? "App";

function drawPlaces() {
  if (!get("me")) return;
  const { as, in: where } = view();
  const direct = channelOf("app");
  const channels = all("channel:").map(([, one]) => one).filter((one) => !one.is_im);
  const go = (to) => () => {
    look({ in: to, thread: "" });
    document.body.dataset.shown = "slack";
  };
  const entry = (to, sign, name, unread, notes = []) =>
    h(
      "li",
      {},
      h(
        "button",
        { class: unread ? "place unread" : "place", "aria-current": where === to ? "page" : null, "data-focus": to, on: { click: go(to) } },
        h("span", { class: "sign", "aria-hidden": "true" }, sign),
        h("span", { class: "name" }, name),
        notes.map((note) => h("span", { class: "note" }, note)),
        unread && h("span", { class: "dot", role: "img", "aria-label": "unread" }),
      ),
    );
  const notes = (one) => [one.is_ext_shared && "shared", one.is_archived && "archived"].filter(Boolean);
  fill(
    document.getElementById("places"),
    h("h2", {}, "Channels"),
    channels.length
      ? h("ul", {}, channels.map((one) => entry(one.id, one.is_private ? "🔒" : "#", one.name, isUnread(as, one.id), notes(one))))
      : h("p", { class: "empty" }, "In no channel here."),
    h("h2", {}, appName()),
    h("ul", {}, entry("home", "⌂", "Home", false), entry("app", "✉", "Direct messages", direct && isUnread(as, direct))),
  );
}

let homeOf = ""; // whose Home tab is open

function drawHead() {
  if (!get("me")) return;
  const { in: where, as } = view();
  const home = where === "home" ? as : "";
  if (homeOf !== home) {
    homeOf = home;
    if (home) act("home", {}); // the app draws it when it hears that it is opened
  }
  const channel = get(`channel:${where}`);
  const isApp = where === "home" || where === "app";
  const title = isApp ? appName() : `${channel?.is_private ? "🔒 " : "#"}${channel?.name ?? ""}`;
  const more = isApp
    ? where === "home" ? "Home" : "Direct messages"
    : channel ? [`${channel.members} members`, channel.has_bot ? null : "the app is not here", channel.is_archived ? "archived" : null].filter(Boolean).join(" · ") : "";
  fill(
    document.getElementById("room-head"),
    h("h2", {}, title, h("small", {}, ` ${more}`)),
    where === "home" && drawHome(),
  );
}
