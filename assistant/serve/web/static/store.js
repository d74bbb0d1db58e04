// Conversations in localStorage, a key for each, so that two tabs do not overwrite each other.
//
// A conversation: {id, title, created, updated, messages}; a message: {id, role, text, at, and for
// answers finish ("stop", "length", "stopped", "failed"; absent while it comes), error, usage, and
// remote {to, model, back} where the question left the device; back: no answer came from there}.
// Where localStorage is forbidden or full, memory stands in for it.

const PREFIX = "assistant.chat.";
const SETTING = "assistant.setting.";
export const MOST = 200; // conversations
const MOST_MESSAGES = 400;
const ROLES = ["user", "assistant"];

export function newId() {
  // not crypto.randomUUID: a page that came by plain HTTP from another machine has none
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return Array.from(bytes, (byte) => byte.toString(36).padStart(2, "0")).join("");
}

/** What was stored, or null where it is not a conversation. */
function parse(text) {
  try {
    const found = JSON.parse(text);
    if (typeof found.id !== "string" || !Array.isArray(found.messages)) return null;
    found.title = String(found.title ?? "");
    found.updated = Number(found.updated) || 0;
    found.messages = found.messages.filter(
      (m) => m && ROLES.includes(m.role) && typeof m.text === "string" && typeof m.id === "string",
    );
    return found;
  } catch {
    return null;
  }
}

export class Store {
  /** `trouble(code)` is called with "not-saved" or "dropped-old". */
  constructor(trouble) {
    this.trouble = trouble;
    this.memory = new Map(); // what could not be written; goes before localStorage
    this.known = new Map(); // id -> {id, title, updated}
    for (const key of this.keys()) this.note(key.slice(PREFIX.length));
  }

  keys() {
    const found = new Set([...this.memory.keys()].filter((key) => key.startsWith(PREFIX)));
    try {
      for (let i = 0; i < localStorage.length; i++) {
        if (localStorage.key(i).startsWith(PREFIX)) found.add(localStorage.key(i));
      }
    } catch {
      // forbidden
    }
    return found;
  }

  read(key) {
    if (this.memory.has(key)) return this.memory.get(key);
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  write(key, text) {
    for (let tries = 0; tries < 5; tries++) {
      try {
        localStorage.setItem(key, text);
        this.memory.delete(key);
        return;
      } catch (error) {
        const oldest = this.list().at(-1);
        const full = error.name === "QuotaExceededError";
        if (!full || !oldest || PREFIX + oldest.id === key || this.known.size < 2) break;
        this.remove(oldest.id);
        this.trouble("dropped-old");
      }
    }
    if (!this.memory.has(key) && key.startsWith(PREFIX)) this.trouble("not-saved");
    this.memory.set(key, text);
  }

  note(id) {
    const found = this.get(id);
    if (found) this.known.set(id, { id, title: found.title, updated: found.updated });
    else this.known.delete(id);
    return found;
  }

  /** {id, title, updated} of all, newest first. */
  list() {
    return [...this.known.values()].sort((a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1));
  }

  get(id) {
    const text = this.read(PREFIX + id);
    return text === null ? null : parse(text);
  }

  put(conversation) {
    this.write(PREFIX + conversation.id, JSON.stringify(conversation));
    const { id, title, updated } = conversation;
    this.known.set(id, { id, title, updated });
    for (const old of this.list().slice(MOST)) this.remove(old.id);
  }

  create(title) {
    const at = Date.now();
    const made = { id: newId(), title, created: at, updated: at, messages: [] };
    this.put(made);
    return made;
  }

  /**
   * Change the newest stored state, which another tab may have written, and keep it.
   * Returns it, or null where it was deleted meanwhile: it is not brought back.
   */
  change(id, edit) {
    const found = this.get(id);
    if (!found) return null;
    edit(found);
    found.messages = found.messages.slice(-MOST_MESSAGES);
    found.updated = Date.now();
    this.put(found);
    return found;
  }

  remove(id) {
    this.memory.delete(PREFIX + id);
    this.known.delete(id);
    try {
      localStorage.removeItem(PREFIX + id);
    } catch {
      // forbidden
    }
  }

  setting(name, otherwise) {
    return this.read(SETTING + name) ?? otherwise;
  }

  set(name, value) {
    this.write(SETTING + name, value);
  }

  /** `changed(id)` for a conversation, `set(name)` for a setting, written by another tab. */
  listen(changed, set) {
    window.addEventListener("storage", ({ key }) => {
      if (key === null) {
        for (const id of [...this.known.keys()]) {
          this.note(id);
          changed(id);
        }
      } else if (key.startsWith(PREFIX)) {
        const id = key.slice(PREFIX.length);
        this.note(id);
        changed(id);
      } else if (key.startsWith(SETTING)) set(key.slice(SETTING.length));
    });
  }
}
