// What buzzes on phones: new direct messages and mentions, for the viewer and for everybody else of the cast.

import { toast } from "./toasts.js";
import { be } from "./people.js";
import { spoken } from "./mrkdwn.js";
import { channelOf } from "./places.js";
import { get, watch } from "./state.js";
import { view } from "./view.js";

export function begin() {
  onNew("push:", buzz);
  onNew("banner:", (line) => toast({ head: "Slack says", text: line, kind: "bad" }));
}

// Facts of a kind that were not there before; what this tab finds when it opens is not new.
function onNew(prefix, tell) {
  watch([prefix], ({ changed, whole }) => {
    if (whole) return;
    for (const [key, before] of changed) if (key.startsWith(prefix) && !before && get(key)) tell(get(key));
  });
}

function buzz({ users, channel, text }) {
  const { as, in: where } = view();
  const cast = get("cast") ?? [];
  const direct = get("names")[channel] === channel; // a direct message has no name
  const place = direct ? "direct message" : `#${get("names")[channel]}`;
  const target = direct ? "app" : channel;
  const mine = users.includes(as);
  const others = users.filter((user) => user !== as);
  const looking = mine && channelOf(where) === channel && document.hasFocus();
  if (looking && !others.length) return;
  const name = (user) => cast.find((one) => one.id === user)?.name ?? user;
  const first = others[0] ?? as;
  const heard = [mine && "You", others.length > 0 && name(first)].filter(Boolean);
  const more = others.length > 1 ? ` and ${others.length - 1} more` : "";
  toast({
    head: `📱 ${heard.join(", ")}${more} · ${place}`,
    text: spoken(text),
    kind: "phone",
    label: others.length ? `Be ${name(first)}` : "Open it",
    go: () => {
      be(first, { in: target });
      document.body.dataset.shown = "slack";
    },
  });
}
