// The chat page: what is typed here, and what the device hears and says.

import "/static/token.js"; // first: what follows asks the server
import { Device } from "/static/device.js";
import { render } from "/static/markdown.js";
import { Store } from "/static/store.js";
import { ChatError, chat, watch } from "/static/stream.js";
import { talker } from "/static/talk.js";
import { waterfall } from "/static/waterfall.js";
import { preferred, speak, t } from "/static/words.js";

const HISTORY_MESSAGES = 20; // that go with a question
const HISTORY_CHARACTERS = 4000;
const SAVE_EVERY = 700; // ms, while an answer comes
const SPOKEN_KEPT = 20;
const SPOKEN = "spoken"; // the view of what is said to the device

const $ = (id) => document.getElementById(id);
const store = new Store((code) => toast(t(code)));
const views = new Map(); // message id -> its elements
const runs = new Map(); // conversation id -> the answer that is coming
let current = ""; // a conversation's id, SPOKEN, or "" for one that is not begun yet
let stick = true; // the newest text stays in view

// --- small helpers -----------------------------------------------------------------------------

const ICONS = {
  menu: "M4 7h16M4 12h16M4 17h16",
  plus: "M12 5v14M5 12h14",
  microphone: "M9 5a3 3 0 0 1 6 0v6a3 3 0 0 1-6 0zM5 11a7 7 0 0 0 14 0M12 18v3",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M8 8h8v8H8z",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  retry: "M19 12a7 7 0 1 1-2-5M17 3v4h-4",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  wake: "M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
  halt: "M7 7h10v10H7z",
  cloud: "M7 18h10a4 4 0 0 0 1-8 6 6 0 0 0-11-1 4.5 4.5 0 0 0 0 9z",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function make(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function button(iconName, label, act, className = "icon") {
  const made = make("button", className);
  made.type = "button";
  made.append(icon(iconName));
  made.setAttribute("aria-label", label);
  made.title = label;
  made.addEventListener("click", act);
  return made;
}

let toastTimer = 0;
function toast(text, undo = null) {
  $("toast-text").textContent = text;
  $("toast").hidden = false;
  $("toast-undo").hidden = !undo;
  $("toast-undo").onclick = () => {
    hideToast();
    undo?.();
  };
  clearTimeout(toastTimer);
  toastTimer = setTimeout(hideToast, undo ? 12000 : 6000);
}

function hideToast() {
  if ($("toast").contains(document.activeElement)) $("prompt").focus();
  $("toast").hidden = true;
  $("toast-text").textContent = "";
}

async function copy(text, from) {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    // a page that came by plain HTTP from another machine has no clipboard
    const area = make("textarea", "sr");
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
    from.focus();
  }
  toast(t(done ? "copied" : "not-copied"));
}

/** For screen readers: whole sentences, not every token. */
function announce(text) {
  const plain = text.replace(/[*_`#>|~]+/g, " ").trim();
  if (!plain) return;
  $("live").append(make("p", "", plain));
  while ($("live").children.length > 30) $("live").firstChild.remove();
}

/** Announce the sentences of `text` that are whole; returns how much has been. */
function announceSentences(text, from, all) {
  const fresh = text.slice(from);
  const ends = [...fresh.matchAll(/[.!?]["')\]]*\s|[。！？]|\n/g)];
  const end = all ? fresh.length : ends.length ? ends.at(-1).index + ends.at(-1)[0].length : 0;
  announce(fresh.slice(0, end));
  return from + end;
}

const fine = () => matchMedia("(pointer: fine)").matches;
const seconds = (s) => (s < 10 ? s.toFixed(2) : s.toFixed(1));

// --- messages ----------------------------------------------------------------------------------

const tools = () => ({ copy, copyLabel: t("copy-code"), code: t("code") });

function makeView(message) {
  const el = make("article", `message ${message.role}`);
  const badge = make("p", "badge");
  badge.hidden = true;
  const body = make("div", "body");
  body.dir = "auto";
  const note = make("p", "note");
  const extra = make("div", "extra");
  const acts = make("div", "acts");
  el.append(make("h2", "sr"), badge, body, note, extra, acts);
  return { el, badge, body, note, extra, acts, shown: "" };
}

/** Where an answer came from, if its question left the device; `waits`: it may still come. */
function whence(remote, text, waits) {
  if (!remote) return "";
  if (remote.spoken) return t("out-spoken");
  if (remote.back) return t("out-back", remote);
  return t(text ? "out-answered" : waits ? "out-asking" : "out-sent", remote);
}

function errorText({ code, message, values }) {
  return code ? t(code, values) : message || t("failed-broken");
}

function timings(usage) {
  if (!usage) return "";
  const { prompt_tokens: p, cached_tokens: c, reply_tokens: n } = usage;
  const { waited_s: waited, first_token_s: first, total_s: total } = usage;
  const found = [];
  if (Number.isFinite(first)) found.push(t("t-first", { s: seconds(first) }));
  if (Number.isFinite(total)) found.push(t("t-total", { s: seconds(total) }));
  if (n > 1 && total > first) {
    found.push(t("t-rate", { n, r: ((n - 1) / (total - first)).toFixed(1) }));
  } else if (Number.isFinite(n)) found.push(t("t-tokens", { n }));
  if (waited >= 0.1) found.push(t("t-waited", { s: seconds(waited) }));
  if (c > 0 && p > 0) found.push(t("t-cached", { c, p }));
  return found.join(" · ");
}

/** Bring a message's elements up to date. */
function update(view, message, { last = false, run = null, spoken = false, recent = false } = {}) {
  const text = run ? run.text : message.text;
  const remote = run ? run.remote : message.remote;
  const now = run && [run.text, run.note, remote];
  const state = JSON.stringify([message, now, last, spoken, recent]);
  if (view.shown === state + document.documentElement.lang) return;
  view.shown = state + document.documentElement.lang;
  const mine = message.role === "user";
  view.el.firstChild.textContent = t(mine ? "you" : "answerer");
  view.el.classList.toggle("partial", Boolean(message.partial));
  if (mine) view.body.textContent = text;
  else render(view.body, text, Boolean(run) || message.open === true, tools());
  const waits = run || (!mine && !message.finish && (recent || message.open));
  const from = whence(remote, text, waits);
  view.badge.replaceChildren(...(from ? [icon("cloud"), make("span", "", from)] : []));
  view.badge.hidden = !from;
  const notes = [];
  if (run?.note) notes.push(t(...run.note));
  else if (waits && !text) notes.push(t("thinking"));
  else if (!mine && !waits) {
    if (message.finish === "failed") notes.push(errorText(message.error ?? {}));
    else if (message.finish === "length") notes.push(t("cut"));
    else if (message.finish === "stopped" || !message.finish) notes.push(t("stopped"));
    notes.push(timings(message.usage));
  }
  view.el.classList.toggle("waits", Boolean(waits));
  view.el.classList.toggle("failed", message.finish === "failed");
  view.note.textContent = notes.filter(Boolean).join(" ");
  view.note.hidden = !view.note.textContent;
  const acts = [];
  if (mine && !spoken) acts.push(button("edit", t("edit"), () => edit(message.id)));
  if (!mine && !spoken && last && !waits) {
    const again = button("retry", t("retry"), () => retry(message.id));
    if (message.finish === "failed") {
      again.classList.add("wide");
      again.append(t("retry"));
    }
    acts.push(again);
  }
  if (text && !waits) acts.push(button("copy", t("copy"), (e) => copy(text, e.currentTarget)));
  const held = [...view.acts.children].indexOf(document.activeElement);
  view.acts.replaceChildren(...acts);
  if (held >= 0) (view.acts.children[held] ?? $("prompt")).focus();
}

/** Show a conversation's messages, keeping the elements of those that are shown already. */
function show(conversation) {
  const { messages, spoken = false } = conversation;
  const run = runs.get(conversation.id);
  const recent = Date.now() - conversation.updated < 5000;
  const ids = new Set(messages.map((m) => m.id));
  for (const [id, view] of views) {
    if (ids.has(id)) continue;
    view.el.remove();
    views.delete(id);
  }
  $("welcome")?.remove();
  messages.forEach((message, n) => {
    let view = views.get(message.id);
    if (!view) views.set(message.id, (view = makeView(message)));
    if ($("messages").children[n] !== view.el) {
      $("messages").insertBefore(view.el, $("messages").children[n] ?? null);
    }
    const own = run?.answer === message.id ? run : null;
    update(view, message, { last: n === messages.length - 1, run: own, spoken, recent });
  });
  if (!messages.length) welcome(spoken);
  keepInView();
}

function welcome(spoken) {
  const box = make("div", "welcome");
  box.id = "welcome";
  box.append(make("h2", "", t(spoken ? "spoken" : "welcome-title")));
  box.append(make("p", "", t(spoken ? "spoken-none" : "welcome-text")));
  if (spoken) box.append(make("p", "", t("spoken-note")));
  else {
    for (const n of [1, 2, 3]) {
      const example = make("button", "example", t(`example-${n}`));
      example.type = "button";
      example.addEventListener("click", () => ask(example.textContent));
      box.append(example);
    }
  }
  $("messages").append(box);
}

function keepInView() {
  if (stick) $("log").scrollTop = $("log").scrollHeight;
  $("latest").hidden = stick;
}

/** Show the current view again, from what is stored. */
function refresh() {
  $("prompt").disabled = false;
  if (current === SPOKEN) show(spokenConversation());
  else show((current && store.get(current)) || { id: "", messages: [], updated: 0 });
  const runs_ = runs.has(current);
  const held = document.activeElement === $("stop") || document.activeElement === $("send");
  $("stop").hidden = !runs_;
  $("send").hidden = runs_;
  if (held) (runs_ ? $("stop") : $("send")).focus();
}

// --- asking ------------------------------------------------------------------------------------

/** The whole pairs of question and answer that go with the next question, newest kept. */
function history(messages) {
  const found = [];
  let size = 0;
  for (let n = messages.length - 1; n > 0; n--) {
    const [question, answer] = [messages[n - 1], messages[n]];
    if (question.role !== "user" || answer.role !== "assistant" || !answer.text.trim()) continue;
    size += question.text.length + answer.text.length;
    if (size > HISTORY_CHARACTERS || found.length + 2 > HISTORY_MESSAGES) break;
    found.unshift(question, answer);
    n--;
  }
  return found.map(({ role, text }) => ({ role, text }));
}

/** Ask in the current conversation; `from`: the message that the question takes the place of. */
function ask(prompt, from = null) {
  if (!prompt.trim() || (runs.has(current) && !from)) return;
  if (current === SPOKEN) go("new");
  runs.get(current)?.controller.abort();
  if (!current || !store.get(current)) {
    const title = [...prompt.trim().replace(/\s+/g, " ")].slice(0, 60).join("");
    current = store.create(title).id;
    window.history.replaceState(null, "", `#c=${current}`);
  }
  const id = current;
  const answer = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  let before = [];
  store.change(id, (conversation) => {
    const place = from ? conversation.messages.findIndex((m) => m.id === from) : -1;
    if (place >= 0) conversation.messages.length = place;
    before = history(conversation.messages);
    const at = Date.now();
    conversation.messages.push({ id: `${answer}-q`, role: "user", text: prompt, at });
    conversation.messages.push({ id: answer, role: "assistant", text: "", at });
  });
  stick = true;
  const controller = new AbortController();
  const run = { id, answer, text: "", note: null, remote: null, controller };
  runs.set(id, run);
  refresh();
  listAll();
  answerTo(run, prompt, before);
}

// A reload may break the connection before the page hears that it is hidden.
let leaving = false;
window.addEventListener("beforeunload", () => {
  leaving = true;
  setTimeout(() => (leaving = false), 3000); // it stayed after all
});

async function answerTo(run, prompt, before) {
  const { signal } = run.controller;
  let outcome = { finish: "stopped" };
  let announced = 0;
  let saved = performance.now();
  try {
    for (let tries = 0; ; tries++) {
      try {
        const told = chat(prompt, before, signal, local());
        for await (const { text, queued, out, back, end } of told) {
          if (queued !== undefined) run.note = queued > 0 ? ["queued", { ahead: queued }] : null;
          if (out || back) {
            run.remote = out ?? { ...run.remote, back: true };
            announce(whence(run.remote, "", true));
          }
          if (text) {
            run.note = null;
            run.text += text;
            announced = announceSentences(run.text, announced, false);
          }
          if (end) outcome = { finish: end.finish ?? "stop", usage: end.usage };
          draw(run);
          if (performance.now() - saved > SAVE_EVERY) {
            saved = performance.now();
            keep(run, {});
          }
        }
        break;
      } catch (error) {
        if (error.code !== "busy-still" || tries > 0) throw error;
        await countDown(run, error.values.seconds);
      }
    }
  } catch (error) {
    if (error.name !== "AbortError") {
      const known = error instanceof ChatError;
      if (!known) console.error(error);
      const { code, message, values } = known ? error : { code: "failed-broken" };
      outcome = { finish: "failed", error: { code, message, values } };
    }
  }
  if (signal.aborted || leaving) outcome = { finish: "stopped" };
  run.note = null;
  // Another question may have taken its place, or the page may be closing.
  if (runs.get(run.id) === run) runs.delete(run.id);
  keep(run, outcome);
  announceSentences(run.text, announced, true);
  if (outcome.finish === "failed") announce(errorText(outcome.error));
  else if (outcome.finish === "stopped") announce(t("stopped"));
  else announce(whence(run.remote, run.text, false) || t("answered"));
  if (current === run.id) refresh();
  listAll();
}

/** Write down what there is of an answer, unless its message is gone. */
function keep(run, outcome) {
  store.change(run.id, ({ messages }) => {
    const message = messages.find((m) => m.id === run.answer);
    const remote = run.remote ? { remote: run.remote } : {};
    if (message) Object.assign(message, outcome, remote, { text: run.text });
  });
}

async function countDown(run, left) {
  announce(t("busy", { seconds: left }));
  for (; left > 0; left--) {
    run.note = ["busy", { seconds: left }];
    draw(run);
    await new Promise((resolve, reject) => {
      const stop = () => reject(new DOMException("stopped", "AbortError"));
      if (run.controller.signal.aborted) stop();
      run.controller.signal.addEventListener("abort", stop, { once: true });
      setTimeout(resolve, 1000);
    });
  }
  run.note = null;
}

/** Show an answer as it comes, once a frame. */
function draw(run) {
  if (run.drawn) return;
  run.drawn = true;
  const now = () => {
    run.drawn = false;
    const view = views.get(run.answer);
    if (current !== run.id || runs.get(run.id) !== run || !view) return;
    update(view, { id: run.answer, role: "assistant", text: run.text }, { last: true, run });
    keepInView();
  };
  if (document.hidden) setTimeout(now, 250);
  else requestAnimationFrame(now);
}

function stop() {
  runs.get(current)?.controller.abort();
}

function retry(answer) {
  const { messages } = store.get(current) ?? { messages: [] };
  const question = messages[messages.findIndex((m) => m.id === answer) - 1];
  if (question?.role === "user") ask(question.text, question.id);
}

function edit(id) {
  const view = views.get(id);
  const message = store.get(current)?.messages.find((m) => m.id === id);
  if (!message || view.el.querySelector("form")) return;
  const form = make("form", "editing");
  const area = make("textarea");
  area.value = message.text;
  area.dir = "auto";
  area.maxLength = 8000;
  area.setAttribute("aria-label", t("edit-label"));
  const hint = make("p", "note", t("edit-hint"));
  hint.id = `hint-${id}`;
  area.setAttribute("aria-describedby", hint.id);
  const save = make("button", "primary", t("save"));
  const cancel = make("button", "", t("cancel"));
  cancel.type = "button";
  const close = () => {
    form.remove();
    view.el.classList.remove("edited");
    (view.acts.firstChild ?? $("prompt")).focus();
  };
  cancel.addEventListener("click", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!area.value.trim()) return;
    close();
    ask(area.value, id);
    $("prompt").focus();
  });
  area.addEventListener("keydown", (event) => {
    if (sends(event)) form.requestSubmit();
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
  });
  area.addEventListener("input", () => grow(area));
  const row = make("div", "row");
  row.append(save, cancel);
  form.append(area, hint, row);
  view.el.classList.add("edited");
  view.el.append(form);
  grow(area);
  area.focus();
}

/** Whether a key sends: Enter, but not the one that ends the choice of a Chinese character. */
function sends(event) {
  const enter = event.key === "Enter" && !event.shiftKey && !event.isComposing;
  if (!enter || event.keyCode === 229) return false;
  event.preventDefault();
  return true;
}

function grow(area) {
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight + 2, 0.4 * window.innerHeight)}px`;
}

// --- conversations -----------------------------------------------------------------------------

const narrow = matchMedia("(max-width: 899px)");

function drawer(open) {
  document.body.classList.toggle("drawer", open);
  $("menu").setAttribute("aria-expanded", String(open));
  $("main").inert = open && narrow.matches;
}

function go(hash) {
  if (location.hash === `#${hash}`) navigate();
  else {
    window.history.pushState(null, "", `#${hash}`);
    navigate();
  }
}

function navigate() {
  const { hash } = location;
  if (hash === "#prompt") return; // the skip link
  const id = hash.startsWith("#c=") ? hash.slice(3) : "";
  current = hash === "#spoken" ? SPOKEN : store.get(id) ? id : "";
  stick = true;
  drawer(false);
  refresh();
  listAll();
}

function listAll() {
  if ($("list").querySelector("input")) return; // a name is being typed
  const held = document.activeElement?.closest?.("#list [data-hold]")?.dataset.hold;
  const rows = [row(SPOKEN, t("spoken"))];
  for (const { id, title } of store.list()) rows.push(row(id, title || t("untitled")));
  $("list").replaceChildren(...rows);
  if (held) $("list").querySelector(`[data-hold="${CSS.escape(held)}"]`)?.focus();
  const shown = store.known.get(current)?.title;
  document.title = shown ? `${shown} · ${t("title")}` : t("title");
}

function row(id, title) {
  const item = make("li");
  const link = make("a", "", title);
  link.href = id === SPOKEN ? "#spoken" : `#c=${id}`;
  link.dataset.hold = id;
  if (id === current) link.setAttribute("aria-current", "page");
  item.append(link);
  if (id === SPOKEN) return item;
  const renames = button("edit", t("rename", { title }), () => rename(item, id, title));
  const deletes = button("trash", t("delete", { title }), () => remove(id, title));
  renames.dataset.hold = `${id} rename`;
  deletes.dataset.hold = `${id} delete`;
  item.append(renames, deletes);
  return item;
}

function rename(item, id, title) {
  const input = make("input");
  input.value = title;
  input.maxLength = 100;
  input.setAttribute("aria-label", t("rename-label"));
  let over = false;
  const close = (keepIt) => {
    if (over) return;
    over = true;
    const name = input.value.trim();
    if (keepIt && name) store.change(id, (conversation) => (conversation.title = name));
    const held = document.activeElement === input;
    input.remove();
    listAll();
    if (held) $("list").querySelector(`[data-hold="${CSS.escape(id)} rename"]`)?.focus();
  };
  input.addEventListener("keydown", (event) => {
    if (sends(event)) close(true);
    if (event.key === "Escape") {
      event.stopPropagation();
      close(false);
    }
  });
  input.addEventListener("blur", () => close(true));
  item.replaceChildren(input);
  input.select();
}

function remove(id, title) {
  const gone = store.get(id);
  runs.get(id)?.controller.abort();
  runs.delete(id);
  store.remove(id);
  if (current === id) window.history.replaceState(null, "", "#new");
  if (current === id) current = "";
  refresh();
  listAll();
  $("list").querySelector("a")?.focus();
  toast(t("deleted", { title }), gone && (() => (store.put(gone), go(`c=${id}`))));
}

function exported(kind) {
  const found = current === SPOKEN ? spokenConversation() : store.get(current);
  if (!found?.messages.length) return toast(t("nothing-to-export"));
  const title = found.title || t("spoken");
  const data = { format: "assistant-conversation", version: 1, ...found };
  let text = `${JSON.stringify(data, null, 2)}\n`;
  if (kind === "md") {
    const parts = found.messages.map(({ role, text: said, remote }) => {
      const from = whence(remote, said, false);
      const head = `## ${t(role === "user" ? "you" : "answerer")}\n\n`;
      return `${head}${from && `*${from}*\n\n`}${said.trim()}\n`;
    });
    text = [`# ${title}\n`, ...parts].join("\n");
  }
  const type = kind === "md" ? "text/markdown" : "application/json";
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = `${title.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 40) || "chat"}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// --- the device --------------------------------------------------------------------------------

const spokenTurns = new Map(); // key -> what is known of a turn
const device = { phase: "unknown", turn: 0, life: 0, out: false };
const PHASES = ["asleep", "listening", "thinking", "speaking", "restarting"];
const panel = new Device(toast, () => showDevice());

function spokenTurn(turn) {
  const key = `${device.life}:${turn}`; // turns are counted anew when the device starts again
  let found = spokenTurns.get(key);
  if (!found) {
    found = { key, turn, partial: "", heard: "", reply: "", over: false, failed: "", trace: null };
    spokenTurns.set(key, found);
    if (spokenTurns.size > SPOKEN_KEPT) spokenTurns.delete(spokenTurns.keys().next().value);
  }
  return found;
}

function spokenConversation() {
  const messages = [];
  for (const { key, partial, heard, reply, over, out, failed, trace } of spokenTurns.values()) {
    const said = heard || partial;
    if (said) messages.push({ id: `${key}q`, role: "user", text: said, partial: !heard });
    if (!heard && !reply && !failed) continue;
    const answer = { id: `${key}a`, role: "assistant", text: reply, open: !over };
    if (over) answer.finish = "stop";
    if (out) answer.remote = { spoken: true };
    if (failed) Object.assign(answer, { finish: "failed", error: { message: failed } });
    if (trace) answer.traced = trace.voice_to_voice_s ?? true;
    messages.push(answer);
  }
  return { id: SPOKEN, title: t("spoken"), messages, updated: 0, spoken: true };
}

function showWaterfalls() {
  for (const { key, trace } of spokenTurns.values()) {
    const extra = views.get(`${key}a`)?.extra;
    if (!extra || !trace) continue;
    const lang = document.documentElement.lang;
    if (extra.dataset.lang === lang) continue;
    extra.dataset.lang = lang;
    extra.replaceChildren(...[waterfall(trace, t)].filter(Boolean));
  }
}

function happened(data) {
  const { event, turn, text } = data;
  const known = Number.isFinite(turn) ? spokenTurn : () => ({});
  if (event === "state") {
    const before = { ...device };
    device.phase = String(data.phase);
    device.turn = turn;
    device.out = data.out === true;
    if (device.out && Number.isFinite(turn)) spokenTurn(turn).out = true;
    if (["thinking", "speaking"].includes(before.phase) && before.turn !== turn) over(before.turn);
    else if (["thinking", "speaking"].includes(before.phase) && !busy()) over(turn);
  } else if (event === "restarting") {
    Object.assign(device, { phase: "restarting", out: false, life: device.life + 1 });
  } else if (event === "settings") panel.told(data);
  else if (event === "sent_out") known(turn).out = true;
  else if (event === "partial") known(turn).partial = String(text ?? "");
  else if (event === "heard" || event === "think") known(turn).heard ||= String(text ?? "");
  else if (event === "text") known(turn).reply += String(data.piece ?? "");
  else if (event === "say") known(turn).reply = String(text ?? "");
  else if (event === "reply_ended") {
    const found = known(turn);
    if (text) found.reply = String(text);
    found.over = true;
    if (current === SPOKEN) announce(found.reply ?? "");
  } else if (event === "speaking_ended") over(turn);
  else if (event === "failed") {
    const message = String(data.message ?? "");
    if (Number.isFinite(turn)) Object.assign(spokenTurn(turn), { failed: message, over: true });
    announce(message);
  }
  showDevice();
}

const busy = () => ["thinking", "speaking"].includes(device.phase);

/** A turn is over: ask where its time went. */
function over(turn) {
  const found = spokenTurns.get(`${device.life}:${turn}`);
  if (!found || found.asked) return;
  Object.assign(found, { over: true, asked: true });
  setTimeout(async () => {
    try {
      const response = await fetch(`/trace?turn=${turn}`, { cache: "no-store" });
      const { turns } = await response.json();
      found.trace = turns.find((one) => one.turn === turn) ?? null;
    } catch {
      found.trace = null; // the picture is missing, nothing else
    }
    showDevice();
  }, 300);
}

let deviceDrawn = false;
function showDevice() {
  if (deviceDrawn) return;
  deviceDrawn = true;
  setTimeout(() => {
    deviceDrawn = false;
    const known = PHASES.includes(device.phase);
    $("device").dataset.phase = known ? device.phase : "unknown";
    const parts = [t(`phase-${known ? device.phase : "unknown"}`)];
    if (known && device.out) parts.push(t("outside"));
    if (known && panel.known?.muted) parts.push(t("mic-off"));
    $("phase").textContent = parts.join(" · ");
    $("device").classList.toggle("out", device.out);
    showButtons();
    const now = spokenTurns.get(`${device.life}:${device.turn}`);
    const said = (device.phase === "speaking" && now?.reply) || now?.heard || now?.partial || "";
    $("strip").hidden = !said || current === SPOKEN || device.phase === "asleep" || !known;
    $("strip").textContent = said.length > 200 ? `…${said.slice(-200)}` : said;
    if (current === SPOKEN) {
      refresh();
      showWaterfalls();
    }
  }, 40);
}

/** Of the two buttons the one is there that does something now. */
function showButtons() {
  const held = [$("wake"), $("halt")].includes(document.activeElement);
  $("wake").hidden = device.phase !== "asleep";
  $("halt").hidden = !["listening", "thinking", "speaking"].includes(device.phase);
  if (held) ([$("wake"), $("halt")].find((one) => !one.hidden) ?? $("device")).focus();
}

let off = null; // {why, at}: why there is no connection, for t(), and when it is tried again
const watcher = watch({
  event: happened,
  up() {
    if (!off) return;
    off = null;
    device.life += 1;
    showBanner();
    toast(t("back"));
    panel.load();
  },
  down(why, wait) {
    off = { why, at: Date.now() + wait };
    Object.assign(device, { phase: "unknown", out: false });
    showBanner();
    showDevice();
  },
});

let bannerTimer = 0;
function showBanner() {
  clearTimeout(bannerTimer);
  $("banner").hidden = !off;
  if (!off) {
    $("banner-text").textContent = "";
    return;
  }
  const why = t(...off.why);
  if ($("banner-text").textContent !== why) $("banner-text").textContent = why; // said once
  const left = Math.ceil((off.at - Date.now()) / 1000);
  $("banner-when").textContent = left > 0 ? t("off-when", { seconds: left }) : t("off-trying");
  bannerTimer = setTimeout(showBanner, 500);
}

// --- language, colours, and the wiring ---------------------------------------------------------

function language() {
  const name = speak(store.setting("language", preferred(navigator.languages ?? ["en"])));
  document.documentElement.lang = name === "zh" ? "zh-CN" : name;
  $("language").value = name;
  for (const el of document.querySelectorAll("[data-t]")) el.textContent = t(el.dataset.t);
  for (const el of document.querySelectorAll("[data-hint]")) el.placeholder = t(el.dataset.hint);
  for (const el of document.querySelectorAll("[data-label]")) {
    el.setAttribute("aria-label", t(el.dataset.label));
    if (el.matches("button")) el.title = t(el.dataset.label);
  }
  panel.words();
  showBanner();
  showDevice();
}

/** Whether questions must stay on the device, as the user said. */
const local = () => store.setting("local", "") === "yes";

function theme() {
  const name = store.setting("theme", "auto");
  $("theme").value = ["light", "dark"].includes(name) ? name : "auto";
  document.documentElement.dataset.theme = $("theme").value;
}

for (const el of document.querySelectorAll("[data-icon]")) el.append(icon(el.dataset.icon));

theme();
language();
navigate();
panel.load();
$("local").checked = local();

$("theme").addEventListener("change", () => {
  store.set("theme", $("theme").value);
  theme();
});
$("language").addEventListener("change", () => {
  store.set("language", $("language").value);
  language();
  $("welcome")?.remove();
  refresh();
  listAll();
});
$("local").addEventListener("change", () => store.set("local", $("local").checked ? "yes" : ""));
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (runs.has(current) || !$("prompt").value.trim()) return;
  const prompt = $("prompt").value;
  $("prompt").value = "";
  grow($("prompt"));
  ask(prompt);
});
$("prompt").addEventListener("keydown", (event) => {
  if (sends(event)) $("composer").requestSubmit();
});
$("prompt").addEventListener("input", () => grow($("prompt")));
$("stop").addEventListener("click", stop);
talker($("talk"), $("talk-level"), toast);
$("new").addEventListener("click", () => {
  go("new");
  if (fine()) $("prompt").focus();
});
$("device").addEventListener("click", () => go("spoken"));
$("menu").addEventListener("click", () => {
  drawer(!document.body.classList.contains("drawer"));
  if (document.body.classList.contains("drawer")) $("list").querySelector("a")?.focus();
});
$("veil").addEventListener("click", () => drawer(false));
narrow.addEventListener("change", () => drawer(false));
$("export-md").addEventListener("click", () => exported("md"));
$("export-json").addEventListener("click", () => exported("json"));
$("banner-now").addEventListener("click", () => watcher.now());
$("latest").addEventListener("click", () => {
  stick = true;
  keepInView();
  $("prompt").focus();
});
$("log").addEventListener("scroll", () => {
  const { scrollHeight, scrollTop, clientHeight } = $("log");
  stick = scrollHeight - scrollTop - clientHeight < 60;
  $("latest").hidden = stick;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  if (document.body.classList.contains("drawer")) {
    drawer(false);
    $("menu").focus();
  } else stop();
});
window.addEventListener("hashchange", navigate);
window.addEventListener("popstate", navigate);
new ResizeObserver(keepInView).observe($("log"));
window.addEventListener("pagehide", () => {
  for (const run of runs.values()) {
    run.controller.abort();
    keep(run, { finish: "stopped" }); // at once, for what comes later is no longer run
  }
});
store.listen(
  (id) => {
    listAll();
    const kept = store.get(id);
    const run = runs.get(id);
    if (run && !kept?.messages.some((m) => m.id === run.answer)) {
      run.controller.abort(); // deleted, or the question was edited
      runs.delete(id);
    }
    if (id !== current) return;
    if (!kept) {
      toast(t("deleted-elsewhere"));
      go("new");
    } else if (!runs.has(id)) refresh();
  },
  () => {
    theme();
    language();
    $("local").checked = local();
    refresh();
    listAll();
  },
);
