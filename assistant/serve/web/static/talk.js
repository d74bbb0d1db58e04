// Talking from the browser: its microphone and loudspeaker in place of the device's.

import { t } from "/static/words.js";

const JITTER = 0.08; // s of sound that are waited for before it begins to play
const GOODBYE = 800; // ms after it has fallen asleep: the last tone sounds

/** The loudspeaker. Its context has the sound's own rate: pieces follow without a seam. */
class Playback {
  constructor(rate) {
    this.context = new AudioContext({ sampleRate: rate });
    this.context.resume();
    this.rate = rate;
    this.analyser = new AnalyserNode(this.context, { fftSize: 1024 });
    this.analyser.connect(this.context.destination);
    this.samples = new Float32Array(1024);
    this.pieces = new Set();
    this.next = 0;
  }

  play(samples) {
    const buffer = this.context.createBuffer(1, samples.length, this.rate);
    buffer.getChannelData(0).set(Float32Array.from(samples, (sample) => sample / 32768));
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.analyser);
    const { currentTime: now } = this.context;
    if (this.next < now + 0.005) this.next = now + JITTER;
    source.start(this.next);
    this.next += buffer.duration;
    this.pieces.add(source);
    source.onended = () => this.pieces.delete(source);
  }

  /** Be silent at once. */
  flush() {
    for (const source of this.pieces) source.stop();
    this.pieces.clear();
    this.next = 0;
  }

  /** How loud it is now, 0 to 1. */
  level() {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    return Math.min(1, Math.sqrt(sum / this.samples.length) * 4);
  }

  close() {
    this.flush();
    this.context.close();
  }
}

class Talk {
  constructor(on) {
    this.on = on;
    this.over = false;
    this.ready = false; // plugged in: sound may be sent
    this.talked = false; // it was awake since
    this.phase = "";
    this.playback = null;
  }

  async begin() {
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) {
      return this.end(t("talk-insecure"));
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: {
          channelCount: 1,
          echoCancellation: true,
          noiseSuppression: true,
          autoGainControl: true,
        },
      });
    } catch (error) {
      return this.end(t(error.name === "NotFoundError" ? "talk-none" : "talk-denied"));
    }
    try {
      if (!this.over) await this.listen();
    } catch (error) {
      console.error(error);
      return this.end(t("talk-denied"));
    }
    if (this.over) return this.release();
    const { protocol, host } = location;
    this.socket = new WebSocket(`${protocol === "https:" ? "wss" : "ws"}://${host}/talk`);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", ({ data }) => this.told(data));
    this.socket.addEventListener("close", ({ reason }) => this.end(reason || t("talk-lost")));
  }

  async listen() {
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule("/static/worklet.js");
    const microphone = new AudioWorkletNode(this.context, "microphone");
    microphone.port.onmessage = ({ data }) => this.heard(data);
    this.context.createMediaStreamSource(this.stream).connect(microphone);
    microphone.connect(this.context.destination); // silence; what is not connected may not run
    await this.context.resume();
    for (const track of this.stream.getTracks()) {
      track.addEventListener("ended", () => this.end(t("talk-none")));
    }
  }

  say(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(message);
  }

  /** A frame of the microphone; whether it interrupts the answer is not decided here. */
  heard(buffer) {
    if (!this.over && this.ready) this.say(buffer);
  }

  told(data) {
    if (this.over) return;
    if (data instanceof ArrayBuffer) {
      this.playback?.play(new Int16Array(data));
      return;
    }
    let told = {};
    try {
      told = JSON.parse(data);
    } catch {
      return;
    }
    const { event } = told;
    if (typeof told.error === "string") this.end(told.error);
    else if (event === "rate" && told.rate !== this.playback?.rate) {
      this.playback?.close();
      this.playback = new Playback(told.rate);
    } else if (event === "flush") {
      this.playback?.flush();
    } else if (event === "state") this.state(told.phase);
  }

  state(phase) {
    this.phase = phase;
    if (!this.ready) {
      this.ready = true;
      this.say(JSON.stringify({ wake: true }));
    }
    if (phase !== "asleep") this.talked = true;
    else if (this.talked) {
      setTimeout(() => {
        if (this.phase === "asleep") this.end();
      }, GOODBYE);
    }
  }

  level() {
    return this.playback?.level() ?? 0;
  }

  /** Give everything back, and tell why, where it was not wanted. */
  end(why = "") {
    if (this.over) return;
    this.over = true;
    this.release();
    this.on.ended(why);
  }

  release() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.context?.close();
    this.playback?.close();
    this.socket?.close();
  }
}

/** Let `button` begin and end to talk; `meter` shows how loud the answer is, `tell(text)` errors. */
export function talker(button, meter, tell) {
  let talk = null;
  let timer = 0;
  const show = () => {
    button.setAttribute("aria-pressed", String(Boolean(talk)));
    meter.hidden = !talk;
    meter.value = 0;
    clearInterval(timer);
    if (talk) timer = setInterval(() => (meter.value = talk.level()), 50);
  };
  const ended = (why) => {
    talk = null;
    show();
    if (why) tell(why);
  };
  button.addEventListener("click", () => {
    if (talk) talk.end();
    else {
      talk = new Talk({ ended });
      show();
      talk.begin();
    }
  });
  window.addEventListener("pagehide", () => talk?.end());
}
