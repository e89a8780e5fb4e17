// The emoji that are drawn for a `:name:`. Anything else stays as it is written.

const TABLE = {
  "+1": "👍", "-1": "👎", arrow_right: "➡️", ballot_box_with_check: "☑️", bell: "🔔", bulb: "💡", calendar: "📅",
  check: "✔️", clock1: "🕐", credit_card: "💳", eyes: "👀", exclamation: "❗", fire: "🔥", grey_question: "❔",
  hammer: "🔨", heart: "❤️", heavy_check_mark: "✔️", hourglass: "⌛", hourglass_flowing_sand: "⏳", information_source: "ℹ️",
  key: "🔑", lock: "🔒", mag: "🔍", memo: "📝", moneybag: "💰", no_entry: "⛔", no_entry_sign: "🚫", ok: "🆗",
  ok_hand: "👌", pencil: "📝", pray: "🙏", question: "❓", receipt: "🧾", red_circle: "🔴", repeat: "🔁", robot_face: "🤖",
  rotating_light: "🚨", scroll: "📜", smile: "😄", stop_sign: "🛑", tada: "🎉", thinking_face: "🤔", thumbsdown: "👎",
  thumbsup: "👍", wave: "👋", warning: "⚠️", white_check_mark: "✅", x: "❌", zap: "⚡",
};

export const emoji = (name) => TABLE[name] ?? `:${name}:`;
