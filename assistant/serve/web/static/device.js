// The device itself: wake it, stop it, and what may be changed while it runs.

import { ask } from "/static/ask.js";
import { t } from "/static/words.js";

const SLIDERS = ["volume", "rate"]; // in per cent
const SLIDER_PAUSE = 250; // ms without a change of a slider before it is sent
const LANGUAGES = { en: "English", zh: "中文", auto: "English / 中文" };

const $ = (id) => document.getElementById(id);

function choices(select, names, chosen, label) {
  const options = names.map((name) => new Option(label(name), name, false, name === chosen));
  select.replaceChildren(...options);
}

/** The panel and the buttons; `changed()` is called when other settings are in force. */
export class Device {
  constructor(say, changed) {
    this.say = say;
    this.changed = changed;
    this.known = null; // the settings in force
    this.timers = {}; // of the sliders that were moved just now
    this.open = 0; // changes that are not answered yet
    for (const [id, path] of [
      ["wake", "/wake"],
      ["halt", "/stop"],
    ]) {
      $(id).addEventListener("click", () => ask(path, {}).catch((error) => say(error.message)));
    }
    for (const name of SLIDERS) {
      $(name).addEventListener("input", () => {
        this.percent();
        clearTimeout(this.timers[name]);
        this.timers[name] = setTimeout(() => {
          this.timers[name] = 0;
          this.set({ [name]: $(name).valueAsNumber / 100 });
        }, SLIDER_PAUSE);
      });
    }
    $("muted").addEventListener("change", () => this.set({ muted: $("muted").checked }));
    $("voice").addEventListener("change", () => this.set({ voice: $("voice").value }, true));
    $("spoken-language").addEventListener("change", () =>
      this.set({ language: $("spoken-language").value }, true),
    );
    $("persona").addEventListener("change", () => this.set({ persona: $("persona").value }, true));
  }

  async load() {
    try {
      this.show(await ask("/settings"));
    } catch {
      this.known = null; // whoever is there now may have others
    }
    $("device-form").disabled = !this.known;
    this.note(this.known ? "" : t("settings-unknown"));
  }

  /** Ask for a change; `slow`: other engines must be loaded for it. */
  async set(change, slow = false) {
    this.note(slow ? t("settings-wait") : "");
    this.open += 1;
    try {
      this.known = await ask("/settings", change);
      this.note("");
    } catch (error) {
      this.note(error.message);
    }
    this.open -= 1;
    if (this.known) this.told(this.known); // the device's word counts
  }

  /** The device says what is in force; shown once it knows of all that was changed here. */
  told(settings) {
    if (this.open) this.known = settings;
    else this.show(settings);
  }

  show(settings) {
    if (!Array.isArray(settings.voices) || !Array.isArray(settings.languages)) return;
    this.known = settings;
    $("device-form").disabled = false;
    for (const name of SLIDERS) {
      if (!this.timers[name]) $(name).value = Math.round(100 * (settings[name] ?? 1));
    }
    this.percent();
    $("muted").checked = settings.muted === true;
    this.words();
    $("stay").hidden = settings.remote !== true;
    this.changed();
  }

  /** Write what depends on the page's language. */
  words() {
    if (!this.known?.voices) return;
    const { voices, voice, languages, language, personas, persona } = this.known;
    choices($("voice"), voices, voice, (name) => name || t("voice-own"));
    choices($("spoken-language"), languages, language, (name) => LANGUAGES[name] ?? name);
    choices($("persona"), personas ?? [""], persona ?? "", (name) => name || t("voice-own"));
    this.percent();
  }

  percent() {
    for (const name of SLIDERS) {
      const text = t("percent", { n: $(name).value });
      $(`${name}-now`).textContent = text;
      $(name).setAttribute("aria-valuetext", text);
    }
  }

  note(text) {
    $("device-note").textContent = text;
  }
}
