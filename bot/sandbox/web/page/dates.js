// Points in time as the viewer reads them: in the time zone of their Slack account, at the sandbox's time of day.

import { get } from "./state.js";

export const now = () => Date.now() / 1000 + (get("status")?.offset_s ?? 0);

const zone = () => get("me")?.tz ?? "UTC";

function part(seconds, options) {
  return new Intl.DateTimeFormat("en", { timeZone: zone(), ...options }).format(new Date(seconds * 1000));
}

const day = (seconds) => part(seconds, { year: "numeric", month: "2-digit", day: "2-digit" });

function pretty(seconds, otherwise) {
  for (const [word, shift] of [["today", 0], ["yesterday", -86_400], ["tomorrow", 86_400]]) {
    if (day(seconds) === day(now() + shift)) return word;
  }
  return otherwise(seconds);
}

export const time = (seconds) => part(seconds, { hour: "numeric", minute: "2-digit" });
const short = (seconds) => part(seconds, { month: "short", day: "numeric", year: "numeric" });
const medium = (seconds) => part(seconds, { month: "long", day: "numeric", year: "numeric" });
const long = (seconds) => part(seconds, { weekday: "long", month: "long", day: "numeric", year: "numeric" });

export const dayOf = (seconds) => pretty(seconds, long);
export const moment = (seconds) => `${short(seconds)}, ${time(seconds)}`;

const TOKENS = {
  date_num: (s) => part(s, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date_slash: (s) => part(s, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date: medium,
  date_short: short,
  date_long: long,
  date_pretty: (s) => pretty(s, medium),
  date_short_pretty: (s) => pretty(s, short),
  date_long_pretty: (s) => pretty(s, long),
  day_divider_pretty: (s) => pretty(s, long),
  time,
  time_secs: (s) => part(s, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago: (s) => ago(now() - s),
};

function ago(seconds) {
  const minutes = Math.round(Math.abs(seconds) / 60);
  const words = minutes < 60 ? `${minutes} min` : minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

// Slack's date format, such as "{date_short_pretty} {time}". A word like "today" begins with a capital at the start.
export function formatted(seconds, format, fallback) {
  if (!Number.isFinite(seconds)) return fallback ?? "";
  try {
    const words = format.replace(/\{(\w+)\}/g, (whole, token) => (TOKENS[token] ? TOKENS[token](seconds) : whole));
    return words.charAt(0).toUpperCase() + words.slice(1);
  } catch {
    return fallback ?? "";
  }
}

export const exact = (seconds) =>
  part(seconds, { dateStyle: "full", timeStyle: "long" });
