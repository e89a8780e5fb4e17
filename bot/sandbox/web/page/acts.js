// What people do, sent to the same interfaces that tests use: /slack/sandbox/… and /chargebee/sandbox/….

import { toast } from "./toasts.js";
import { view } from "./view.js";

export async function post(path, body = {}, method = "POST") {
  let answer;
  try {
    const response = await fetch(path, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    answer = await response.json();
    if (response.ok) return answer;
  } catch {
    toast({ head: "Not sent", text: "The sandbox does not answer. Try again in a moment.", kind: "bad" });
    return null;
  }
  toast({ head: "That does not work", text: answer.why ?? answer.error ?? "The sandbox refuses.", kind: "bad" });
  return null;
}

// An act of the person this tab is. Answers what Slack's client would show at once, or null.
export const act = (name, body) => post(`/slack/sandbox/${name}`, { user: view().as, ...body });

export const slack = (name, body) => post(`/slack/sandbox/${name}`, body);

export const chargebee = (name, body, method) => post(`/chargebee/sandbox/${name}`, body, method);
