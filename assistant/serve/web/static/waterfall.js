// Where the time of a spoken turn went: rows of bars whose places are set by script.

const SPANS = [
  // name, room, first stage, stage that ends it: as in the `assistant trace` command
  ["speech", "ears", "speech_start", "speech_end"],
  ["silence noticed", "ears", "speech_end", "vad_end"],
  ["text settled", "ears", "vad_end", "settled"],
  ["question read", "mind", "think", "judged"],
  ["first token", "mind", "think", "first_token"],
  ["first clause", "mind", "first_token", "first_clause"],
  ["first sound", "mouth", "first_clause", "first_sound_made"],
  ["end decided", "decider", "speech_end", "turn_end"],
  ["final text", "ears", "turn_end", "heard"],
  ["until audible", "mouth", "heard", "first_sample"],
];
const BEFORE = 0.2; // s of the speech that are shown

/** {name, room, start, end} in s after the end of speech, of the take that was heard. */
export function spans(turn) {
  const marks = (Array.isArray(turn?.marks) ? turn.marks : []).filter(
    (m) => Number.isFinite(m.at_s) && (m.take === undefined || m.take === turn.take),
  );
  const found = [];
  for (const [name, room, first, last] of SPANS) {
    const ends = marks.filter((m) => m.stage === last);
    const end = (last === "first_sample" ? ends[0] : ends.at(-1))?.at_s;
    const start = marks.filter((m) => m.stage === first && m.at_s <= end).at(-1)?.at_s;
    if (end !== undefined && start !== undefined) found.push({ name, room, start, end });
  }
  return found;
}

function cell(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** A <details> with the turn's table of bars, or null where nothing is known. */
export function waterfall(turn, t) {
  const shown = spans(turn);
  if (!shown.length) return null;
  const from = Math.max(Math.min(...shown.map((s) => s.start)), -BEFORE);
  const to = Math.max(...shown.map((s) => s.end), from + 0.001);
  const part = (at) => (100 * (Math.min(Math.max(at, from), to) - from)) / (to - from);
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const [key, hidden] of [["w-stage"], ["w-start"], ["w-took"], ["waterfall", true]]) {
    const th = cell(hidden ? "td" : "th", hidden ? "" : t(key));
    if (!hidden) th.scope = "col";
    head.append(th);
  }
  const body = table.createTBody();
  for (const { name, room, start, end } of shown) {
    const row = body.insertRow();
    const th = cell("th", t(`w-${name}`));
    th.scope = "row";
    const bar = cell("span", "", `bar-${room}`);
    bar.style.setProperty("left", `${part(start)}%`);
    bar.style.setProperty("width", `${Math.max(0.5, part(end) - part(start))}%`);
    const track = cell("td", "", "track");
    const zero = cell("i", "");
    zero.style.setProperty("left", `${part(0)}%`);
    track.setAttribute("aria-hidden", "true");
    track.append(zero, bar);
    const ms = (s) => `${Math.round(1000 * s)} ms`;
    row.append(th, cell("td", ms(start), "ms"), cell("td", ms(end - start), "ms"), track);
  }
  const details = document.createElement("details");
  details.className = "waterfall";
  const answered = turn.voice_to_voice_s;
  const title = Number.isFinite(answered)
    ? t("w-answered", { s: answered.toFixed(2) })
    : t("waterfall");
  details.append(cell("summary", title), table);
  return details;
}
