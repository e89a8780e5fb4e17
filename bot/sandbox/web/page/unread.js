// What each person has read, remembered by this browser: person -> channel -> the newest message they have seen.

import { all, get, set } from "./state.js";

const KEY = "sandbox-read";
let memory = {};

export function begin() {
  try {
    memory = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    memory = {}; // a browser that keeps nothing
  }
  addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    memory = JSON.parse(event.newValue) ?? {};
    set("read", Date.now());
  });
}

export const lastRead = (user, channel) => memory[user]?.[channel] ?? "";

export function readUpTo(user, channel, ts) {
  if (lastRead(user, channel) >= ts) return;
  memory = { ...memory, [user]: { ...memory[user], [channel]: ts } };
  try {
    localStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // a browser that keeps nothing
  }
  set("read", Date.now());
}

export const isUnread = (user, channel) => (get(`latest:${user}`)?.[channel] ?? "") > lastRead(user, channel);

// How many mentions and direct messages a person has not seen.
export const calls = (user) =>
  all("push:").filter(([, one]) => one.users.includes(user) && one.ts > lastRead(user, one.channel)).length;
