// Links. Those into the simulated Chargebee open the document beside Slack; only web addresses lead anywhere.

import { h } from "./dom.js";
import { get } from "./state.js";
import { look } from "./view.js";

// `https://<site>/d/credit-notes/CN-1` -> "credit_note/CN-1", or null for any other address.
export function documentOf(url) {
  const site = get("status")?.site;
  if (!site || !url.startsWith(`${site}/d/`)) return null;
  const [page, id] = url.slice(site.length + 3).split("/");
  return id ? `${page.replaceAll("-", "_").replace(/s$/, "")}/${decodeURIComponent(id)}` : null;
}

export function openDocument(document) {
  look({ side: "chargebee", document });
  globalThis.document.body.dataset.shown = "chargebee";
}

export function link(url, children) {
  const document = documentOf(url);
  if (document) {
    const open = (event) => {
      event.preventDefault();
      openDocument(document);
    };
    return h("a", { href: url, on: { click: open } }, children);
  }
  if (!/^(https?|mailto):/i.test(url)) return h("span", {}, children);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

// A button's `url`, beside the click that the app hears of.
export function follow(url) {
  const document = documentOf(url);
  if (document) openDocument(document);
  else if (/^https?:/i.test(url)) open(url, "_blank", "noopener");
}
