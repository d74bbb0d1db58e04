// Server-sent events over fetch: unlike EventSource it can POST, be stopped and see the status.

/** Yield {event, data} for each event of a response's body. */
export async function* events(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let name = "message";
  let data = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      for (const line of lines) {
        if (line === "") {
          if (data.length) yield { event: name, data: data.join("\n") };
          name = "message";
          data = [];
          continue;
        }
        const colon = line.indexOf(":");
        if (colon === 0) {
          yield { event: "comment", data: "" }; // a sign of life
          continue;
        }
        const field = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "event") name = text;
        else if (field === "data") data.push(text);
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function json(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

// Half a character, as a cut text may end in, is none that can be sent.
const whole = (text) => text.replace(/\p{Surrogate}/gu, "\ufffd");

/** A chat that failed: `code` is a key of words.js, or "" where `message` is the device's own. */
export class ChatError extends Error {
  constructor(code, message = "", values = {}) {
    super(message || code);
    this.code = code;
    this.values = values;
  }
}

/**
 * Ask; yield {text}, {queued}, {out: {to, model}} when the question has left the device, {back} when
 * no answer came from there, and last {end: {finish, usage}}. With `local` it never leaves.
 * Throws ChatError, or AbortError when `signal` says so.
 */
export async function* chat(prompt, messages, signal, local = false) {
  const body = { prompt: whole(prompt) };
  if (local) body.local = true;
  if (messages.length) body.messages = messages.map((m) => ({ ...m, text: whole(m.text) }));
  let response;
  try {
    response = await fetch("/chat", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify(body),
      signal,
      cache: "no-store",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ChatError("failed-network");
  }
  if (!response.ok) {
    const said = json(await response.text().catch(() => ""));
    const message = typeof said.error === "string" ? said.error : "";
    if (response.status === 429) {
      const asked = Number.parseFloat(response.headers.get("Retry-After"));
      const seconds = Math.min(120, Math.max(1, Math.ceil(Number.isFinite(asked) ? asked : 5)));
      throw new ChatError("busy-still", "", { seconds });
    }
    if (message) throw new ChatError("", message);
    throw new ChatError("failed-status", "", { status: response.status });
  }
  try {
    for await (const { event, data } of events(response.body)) {
      const value = json(data);
      if (event === "message" && typeof value.text === "string") yield { text: value.text };
      else if (event === "queued") yield { queued: value.ahead };
      else if (event === "out") {
        yield { out: { to: String(value.to ?? ""), model: String(value.model ?? "") } };
      } else if (event === "back") yield { back: true };
      else if (event === "error") throw new ChatError("", String(value.error ?? ""));
      else if (event === "end") {
        yield { end: value };
        return;
      }
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof ChatError) throw error;
    throw new ChatError("failed-broken");
  }
  throw new ChatError("failed-broken");
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15000;
const SILENCE = 45000; // then the server is asked whether it lives

/**
 * Follow /state for ever. A hidden page lets go of its connection: a browser opens only six to a
 * server, and many open tabs would leave none for a question.
 *
 * `on.event(data)`, `on.up()`, `on.down([key, values], wait_ms)` with a key of words.js;
 * returns {now()}: try at once.
 */
export function watch(on, path = "/state") {
  let controller = null;
  let timer = 0;
  let wait = FIRST_WAIT;
  let quiet = 0;

  async function alive() {
    try {
      return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5000) })).ok;
    } catch {
      return false;
    }
  }

  async function follow() {
    clearTimeout(timer);
    if (controller || document.hidden) return;
    const mine = (controller = new AbortController());
    const heard = () => {
      clearTimeout(quiet);
      quiet = setTimeout(async () => {
        if (mine !== controller) return;
        if (await alive()) heard();
        else mine.abort();
      }, SILENCE);
    };
    let why = ["off-network"];
    try {
      const response = await fetch(path, { signal: mine.signal, cache: "no-store" });
      if (response.status === 503) why = ["off-daemon"];
      else if (!response.ok) why = ["failed-status", { status: response.status }];
      else {
        heard();
        for await (const { event, data } of events(response.body)) {
          heard();
          if (event === "comment") continue;
          if (event === "error") {
            why = ["off-daemon"];
            break;
          }
          wait = FIRST_WAIT;
          on.up();
          on.event(json(data));
        }
      }
    } catch (error) {
      if (!(error instanceof TypeError) && error.name !== "AbortError") console.error(error);
    }
    clearTimeout(quiet);
    if (mine !== controller) return; // let go on purpose
    controller = null;
    mine.abort();
    on.down(why, wait);
    timer = setTimeout(follow, wait);
    wait = Math.min(LONGEST_WAIT, wait * 2);
  }

  function now() {
    if (!controller) follow();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      const old = controller;
      controller = null;
      clearTimeout(timer);
      old?.abort();
    } else now();
  });
  window.addEventListener("online", now);
  follow();
  return { now };
}
