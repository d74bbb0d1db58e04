// Asks the device for anything but an answer: its settings, to wake, to stop.

import { t } from "/static/words.js";

/** Return the server's answer; `data` is posted. Throws an Error with a sentence for people. */
export async function ask(path, data, signal) {
  const options = { cache: "no-store", signal };
  if (data) {
    options.method = "POST";
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(data);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error(t("failed-network"));
  }
  const said = await response.json().catch(() => null);
  if (response.ok && said) return said;
  throw new Error(said?.error || t("failed-status", { status: response.status }));
}
