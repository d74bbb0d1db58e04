// The face: what the device does, on a screen of its own. Touched, it listens, or is silent.

import "/static/token.js"; // first: what follows asks the server
import { ask } from "/static/ask.js";
import { watch } from "/static/stream.js";
import { preferred, speak, t } from "/static/words.js";

const NIGHT = 60000; // ms asleep until it dims
const TEXT_EVERY = 12000; // ms
const NOTICE = 5000; // ms
const PATIENCE = 5000; // ms for a touch to be answered
const STILL = 3000; // ms without a movement until the pointer hides
const LEAD = 25; // ms by which the lips are early, since they take as long to follow
const FINEST = 12; // pixels of a canvas for a unit: a screen of 1080 lines; a larger one scales
const CLOCKS = 20; // events by which the clocks are compared
const PHASES = ["asleep", "listening", "thinking", "speaking"];

const $ = (id) => document.getElementById(id);
const { body } = document;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// --- what the face looks like ------------------------------------------------------------------

// Everything that moves is a number that eases towards its goal.
const [OPEN, LID, GAZE_X, GAZE_Y, MOUTH, WIDE, SMILE, EAR, RED, GREEN, BLUE] = Array(11).keys();
const EASE = [70, 70, 60, 60, 28, 40, 120, 110, 140, 140, 140]; // ms
const CLOSE = [0.01, 0.05, 0.05, 0.05, 0.01, 0.01, 0.02, 0.01, 1, 1, 1]; // near enough to stop
const EYES = [OPEN, LID, GAZE_X, GAZE_Y, EAR, RED, GREEN, BLUE];
const LIPS = [MOUTH, WIDE, SMILE, RED, GREEN, BLUE];
const now = new Float64Array(11);
const goal = new Float64Array(11);

const POSTURE = {
  // open, curve of a closed lid, smile, width of the mouth
  unknown: [0, 0, 0, 0.5],
  asleep: [0, 5, 0.5, 0.45],
  listening: [1.08, 2, 0.6, 0.62],
  thinking: [0.85, 2, 0.1, 0.4],
  speaking: [1, 2, 0.7, 0.8],
};
// Where a thinker looks.
const LOOKS = [
  [-2.2, -2.6],
  [2.2, -2.6],
  [0.8, -3.2],
  [-1, -3],
];
// How far open and how wide, in the order of SHAPES in assistant/mouth/lips.py.
const SHAPES = [
  [0, 0.8],
  [0.14, 0.85],
  [0.26, 0.95],
  [0.5, 0.82],
  [0.42, 1.08],
  [1, 0.95],
  [0.75, 0.58],
  [0.42, 0.4],
];

const canvases = {};
let unit = 1; // pixels of a canvas

function canvas(id, width, height) {
  canvases[id] = { el: $(id), width, height, ctx: $(id).getContext("2d") };
}
canvas("left", 22, 26);
canvas("right", 22, 26);
canvas("mouth", 40, 20);

/** Fit the canvases to the screen; this and a new text are all that ask for a layout. */
function resize() {
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  unit = Math.min(FINEST, ($("mouth").clientWidth / 40) * ratio);
  for (const { el, width, height } of Object.values(canvases)) {
    el.width = Math.max(1, Math.round(width * unit));
    el.height = Math.max(1, Math.round(height * unit));
  }
  drawEyes(1);
  drawMouth();
}

const colour = (part = 1) => `rgb(${now[RED] * part} ${now[GREEN] * part} ${now[BLUE] * part})`;

function begin({ ctx, el }, x, y, line) {
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.clearRect(0, 0, el.width, el.height);
  ctx.setTransform(unit, 0, 0, unit, x * unit, y * unit);
  ctx.lineWidth = line;
  ctx.lineCap = ctx.lineJoin = "round";
  ctx.strokeStyle = colour();
}

/** A line of two bows between two corners: shut it is one bow, open an egg. */
function bows(ctx, half, corner, upper, lower) {
  ctx.beginPath();
  ctx.moveTo(-half, corner);
  ctx.bezierCurveTo(-half, upper, half, upper, half, corner);
  ctx.bezierCurveTo(half, lower, -half, lower, -half, corner);
  ctx.closePath();
}

function drawEyes(lids) {
  const open = (now[OPEN] + 0.1 * now[EAR]) * lids;
  const lid = now[LID] * Math.max(0, 1 - open);
  for (const eye of [canvases.left, canvases.right]) {
    const { ctx } = eye;
    begin(eye, 11 + now[GAZE_X], 13 + now[GAZE_Y], 1.8);
    bows(ctx, 6.6, 0, lid - 11.5 * open, lid + 11.5 * open);
    ctx.fillStyle = colour();
    ctx.fill();
    ctx.stroke();
    if (open < 0.5) continue;
    ctx.beginPath(); // a light in it
    ctx.arc(2.1 + now[GAZE_X] * 0.3, -4 * open + now[GAZE_Y] * 0.2, 1.7, 0, 7);
    ctx.fillStyle = "#f4fbf9";
    ctx.fill();
  }
}

function drawMouth() {
  const { ctx } = canvases.mouth;
  const [open, half, smile] = [now[MOUTH], 13 * now[WIDE], now[SMILE] * (1 - now[MOUTH] * 0.5)];
  begin(canvases.mouth, 20, 8, 1.8);
  bows(ctx, half, -1.6 * smile, 2.6 * smile - 5 * open, 2.6 * smile + 13 * open);
  ctx.fillStyle = colour(0.3);
  ctx.fill();
  ctx.stroke();
}

// --- movement ----------------------------------------------------------------------------------

let asked = 0; // the next frame
let last = 0;
let blink = -1; // when it began
const timers = {};

function after(name, ms, act) {
  clearTimeout(timers[name]);
  timers[name] = act ? setTimeout(act, ms) : 0;
}

function kick() {
  if (asked) return;
  last = performance.now();
  asked = requestAnimationFrame(frame);
}

function frame(at) {
  const passed = Math.min(100, Math.max(1, at - last));
  last = at;
  const busy = lips(at);
  const changed = ease(passed);
  let lids = 1;
  if (blink >= 0) {
    const part = (at - blink) / 190;
    if (part >= 1) blink = -1;
    else lids = Math.min(1, Math.abs(part * 2 - 1) ** 0.7);
    changed[OPEN] = 1;
  }
  if (EYES.some((n) => changed[n])) drawEyes(lids);
  if (LIPS.some((n) => changed[n])) drawMouth();
  if (changed[EAR]) $("halo").style.setProperty("transform", `scale(${1 + 0.3 * now[EAR]})`);
  asked = busy || blink >= 0 || moving() ? requestAnimationFrame(frame) : 0;
}

const changed = new Uint8Array(11);
function ease(passed) {
  for (let n = 0; n < now.length; n++) {
    changed[n] = now[n] === goal[n] ? 0 : 1;
    if (!changed[n]) continue;
    now[n] += (goal[n] - now[n]) * (calm.matches ? 1 : 1 - Math.exp(-passed / EASE[n]));
    if (Math.abs(goal[n] - now[n]) < CLOSE[n]) now[n] = goal[n];
  }
  return changed;
}

function moving() {
  for (let n = 0; n < now.length; n++) if (now[n] !== goal[n]) return true;
  return false;
}

/** Blink now and then. */
function later() {
  const awake = phase !== "asleep" && phase !== "unknown";
  const act = () => {
    blink = performance.now();
    kick();
    later();
  };
  after("blink", 2500 + Math.random() * 4000, awake && !calm.matches && act);
}

function look() {
  const [x, y] = LOOKS[Math.floor(Math.random() * LOOKS.length)];
  goal[GAZE_X] = x;
  goal[GAZE_Y] = y;
  after("look", 900 + Math.random() * 900, !calm.matches && look);
  kick();
}

/** Take the posture of the phase. */
function pose() {
  const [open, lid, smile, wide] = POSTURE[phase];
  Object.assign(goal, { [OPEN]: open, [LID]: lid, [SMILE]: smile, [WIDE]: wide, [EAR]: 0 });
  goal[MOUTH] = calm.matches && phase === "speaking" ? 0.4 : 0;
  goal[GAZE_X] = goal[GAZE_Y] = 0;
  after("look", 0);
  const name = getComputedStyle(body).getPropertyValue("--tone").trim();
  const tone = Number.parseInt(name.slice(1), 16);
  goal[RED] = tone >> 16;
  goal[GREEN] = (tone >> 8) & 255;
  goal[BLUE] = tone & 255;
  if (phase === "thinking") look();
  later();
  kick();
}

// --- lips --------------------------------------------------------------------------------------

const clocks = []; // how much this page's clock is ahead of the device's, with some delay
let spoken = []; // what sounds, or will: {from, until, step, levels, shapes, widths}

function level(data) {
  const { source, levels, visemes, widths } = data;
  const [at, told, step] = [data.at, data.now, data.step].map((seconds) => seconds * 1000);
  if (!Array.isArray(levels) || ![at, told, step].every(Number.isFinite) || step <= 0) return;
  if (calm.matches) return;
  if (source === "ears") {
    if (phase !== "listening") return;
    goal[EAR] = Math.round(Math.max(0, ...levels.map(Number).filter(Number.isFinite)) * 10) / 10;
    kick();
    return;
  }
  clocks.push(performance.now() - told);
  if (clocks.length > CLOCKS) clocks.shift();
  const from = at + Math.min(...clocks); // the least delay is the best guess
  spoken.push({ from, until: from + step * levels.length, step, levels, visemes, widths });
  if (spoken.length > 50) spoken.shift();
  kick();
}

/** Set the mouth's goal for what sounds at `at`; returns whether more is to come. */
function lips(at) {
  const when = at + LEAD;
  while (spoken.length && when >= spoken[0].until) spoken.shift();
  const part = spoken[0];
  if (!part) {
    if (!calm.matches) goal[MOUTH] = 0;
    goal[WIDE] = POSTURE[phase][3];
    return false;
  }
  if (when < part.from) {
    if (part.from - when < 100) return true;
    after("lips", part.from - when - 50, kick);
    return false;
  }
  const n = Math.floor((when - part.from) / part.step);
  const loud = Math.min(1, Math.max(0, Number(part.levels[n]) || 0));
  const shape = SHAPES[part.visemes?.[n]];
  if (shape) {
    goal[MOUTH] = loud && shape[0] * (0.4 + 0.6 * loud);
    goal[WIDE] = shape[1];
  } else {
    const wide = Math.min(1, Math.max(0, Number(part.widths?.[n] ?? 0.5)));
    goal[MOUTH] = loud ** 1.3 * (1.1 - 0.5 * Math.abs(wide - 0.35));
    goal[WIDE] = loud < 0.1 ? 0.8 : 0.55 + 0.5 * wide;
  }
  return true;
}

function hush() {
  spoken = [];
  kick();
}

// --- words -------------------------------------------------------------------------------------

let language = "en";
let texts = []; // while asleep
let shown = 0;
let notice = ""; // for some seconds
let off = null; // why there is no connection, for t()

function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  $("live").append(line);
  while ($("live").children.length > 20) $("live").firstChild.remove();
}

const full = () => $("caption").scrollHeight > $("caption").clientHeight + 1;

/** Show what was heard or is being said; what is too long loses its `heard` start or its end. */
function caption(kind, text, partial = false) {
  const el = $("caption");
  el.className = partial ? `${kind} partial` : kind;
  el.textContent = text;
  if (!full()) return;
  el.classList.add("long");
  if (!full()) return;
  const letters = [...text];
  const show = (some) => {
    const cut = kind === "heard" ? letters.slice(letters.length - some) : letters.slice(0, some);
    el.textContent = kind === "heard" ? `… ${cut.join("")}` : `${cut.join("")} …`;
  };
  let [low, high] = [0, letters.length];
  while (low < high) {
    const some = (low + high + 1) >> 1;
    show(some);
    if (full()) high = some - 1;
    else low = some;
  }
  show(low);
}

function attract() {
  return notice || (off ? t(...off) : texts[shown % texts.length] ?? "");
}

function showAttract(slowly = false) {
  const el = $("attract");
  clearTimeout(timers.fade);
  if (slowly && !calm.matches && el.textContent !== attract()) {
    el.classList.add("fading");
    after("fade", 800, () => showAttract());
    return;
  }
  el.classList.remove("fading");
  el.textContent = attract();
}

function turnText() {
  shown += 1;
  showAttract(true);
  if (!body.classList.contains("night")) after("text", TEXT_EVERY, phase === "asleep" && turnText);
}

function say(text) {
  notice = text;
  announce(text);
  showAttract();
  $("note").textContent = text;
  after("notice", NOTICE, () => {
    notice = "";
    showAttract();
    showNote();
  });
}

function showNote() {
  $("note").textContent = notice || (body.hasAttribute("data-out") ? t("face-out") : "");
}

function tick() {
  const time = new Date();
  const place = navigator.languages.find((name) => name.startsWith(language)) ?? language;
  const hands = new Intl.DateTimeFormat(place, { hour: "2-digit", minute: "2-digit" });
  const parts = hands.formatToParts(time).filter(({ type }) => type !== "dayPeriod");
  $("clock").textContent = parts.map(({ value }) => value).join("").trim();
  after("clock", 60050 - (time.getTime() % 60000), tick);
  if (body.classList.contains("night")) turnText();
  const still = phase !== "asleep" && phase !== "unknown"; // else a screen would burn in
  const [x, y] = still ? [0, 0] : [0, 1].map(() => Math.round(Math.random() * 4 - 2) / 2);
  for (const id of ["stage", "idle"]) {
    $(id).style.setProperty("transform", `translate(${x}vmin, ${y}vmin)`);
  }
}

function relabel() {
  const todo = phase === "unknown" ? "face-now" : phase === "asleep" ? "face-wake" : "face-stop";
  $("touch").setAttribute("aria-label", t(todo));
}

function speakAs(name) {
  language = speak(name);
  document.documentElement.lang = language === "zh" ? "zh-CN" : language;
  document.title = $("title").textContent = t("title");
}

/** Ask for the device's language and for what to show while it sleeps. */
async function learn() {
  const told = await ask("/face.json").catch(() => ({})); // without it there are the hints
  speakAs(typeof told.language === "string" ? told.language : preferred(navigator.languages));
  const own = Array.isArray(told.attract) ? told.attract.map(String).filter((x) => x.trim()) : [];
  const phrase = Array.isArray(told.phrases) && told.phrases.length ? String(told.phrases[0]) : "";
  const first = phrase ? t("face-say", { phrase }) : t("face-touch");
  texts = own.length ? own : [first, t("face-tip-1"), t("face-tip-2"), t("face-tip-3")];
  tick();
  showAttract();
  showNote();
  relabel();
}

// --- the device --------------------------------------------------------------------------------

let phase = "unknown";
let clauses = -1; // turn of which a clause was shown

function setPhase(name, out = false) {
  const next = PHASES.includes(name) ? name : "unknown";
  if (phase === next && body.hasAttribute("data-out") === out) return;
  if (phase === "speaking" && next !== "speaking") hush();
  const slept = phase === "asleep" || phase === "unknown";
  if (phase !== next) {
    phase = next;
    if (phase === "asleep" || (phase !== "unknown" && slept)) caption("", "");
    if (phase === "listening") $("caption").classList.add("heard");
    if (phase !== "speaking" && phase !== "unknown") announce(t(`phase-${phase}`));
  }
  body.dataset.phase = phase;
  body.toggleAttribute("data-out", out);
  showNote();
  showAttract();
  relabel();
  pose();
  after("text", TEXT_EVERY, phase === "asleep" && turnText);
  day();
}

/** Begin the minute after which it is night anew. */
function day() {
  body.classList.remove("night");
  after("night", NIGHT, phase === "asleep" && (() => body.classList.add("night")));
}

function happened(data) {
  const { event, turn } = data;
  const text = String(data.text ?? "").trim();
  if (event === "level") level(data);
  else if (event === "state") setPhase(String(data.phase), data.out === true);
  else if (event === "partial" && text) caption("heard", text, true);
  else if ((event === "heard" || event === "think") && text) {
    caption("heard", text);
    if (event === "heard") announce(text);
  } else if (event === "clause_started" && text) {
    clauses = turn;
    caption("said", text);
    announce(text);
  } else if (event === "speaking_ended") {
    hush();
    const all = String(data.heard ?? "").trim();
    if (clauses !== turn && all) caption("said", all); // a device without a voice
  } else if (event === "settings" || event === "ready") learn();
}

const watcher = watch(
  {
    event: happened,
    up() {
      if (!off) return;
      off = null;
      announce(t("back"));
      learn();
    },
    down(why) {
      if (!off) announce(t(...why));
      off = why;
      clocks.length = 0;
      hush();
      setPhase("unknown");
      showAttract();
    },
  },
  "/state?levels=1",
);

// --- touch -------------------------------------------------------------------------------------

let touched = 0;

async function touch() {
  if (performance.now() - touched < 400) return; // twice by mistake
  touched = performance.now();
  day();
  if (phase === "unknown") return watcher.now();
  const path = phase === "asleep" ? "/wake" : "/stop";
  now[OPEN] += 0.12; // felt at once
  kick();
  try {
    await ask(path, {}, AbortSignal.timeout(PATIENCE));
  } catch (error) {
    say(error.message);
  }
}

function stirred() {
  if (body.classList.contains("night")) day();
  body.classList.remove("still");
  after("still", STILL, () => body.classList.add("still"));
}

$("touch").addEventListener("click", touch);
window.addEventListener("contextmenu", (event) => event.preventDefault());
for (const name of ["pointermove", "pointerdown", "keydown"]) {
  window.addEventListener(name, stirred, { passive: true });
}

// --- the screen --------------------------------------------------------------------------------

/** Keep the screen on, where the browser lets a page do so. */
async function stayOn() {
  if (document.hidden) return;
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // low battery, or the owner forbids it
  }
}

document.addEventListener("visibilitychange", () => {
  stayOn();
  if (!document.hidden) tick();
});
calm.addEventListener("change", pose);
new ResizeObserver(resize).observe($("stage"));
speakAs(preferred(navigator.languages));
learn();
stirred();
stayOn();
pose();
now.set(goal);
