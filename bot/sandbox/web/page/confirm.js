// Slack's confirm dialog, as an element asks for it.

import { h } from "./dom.js";
import { text } from "./mrkdwn.js";

export function ask(confirm) {
  return new Promise((resolve) => {
    const answer = (yes) => () => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    const dialog = h(
      "dialog",
      { class: "confirm", "aria-labelledby": "confirm-title", on: { cancel: answer(false) } },
      h("h2", { id: "confirm-title" }, text(confirm.title)),
      h("p", {}, text(confirm.text)),
      h(
        "div",
        { class: "foot" },
        h("button", { type: "button", class: "button", on: { click: answer(false) } }, text(confirm.deny)),
        h("button", { type: "button", class: `button ${confirm.style ?? "primary"}`, on: { click: answer(true) } }, text(confirm.confirm)),
      ),
    );
    document.getElementById("dialogs").append(dialog);
    dialog.showModal();
  });
}
