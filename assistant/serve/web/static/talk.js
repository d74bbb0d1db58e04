// Talking from the browser: its microphone and loudspeaker in place of the device's.

import { t } from "/static/words.js";

const KEPT = 25; // frames of 20 ms that go first when the assistant is interrupted
const JITTER = 0.08; // s of sound that are waited for before it begins to play
const GOODBYE = 800; // ms after it has fallen asleep: the last tone sounds
const UNHEARD = 1500; // ms after an interruption in which older sound may still come

/** Whether somebody speaks, by loudness with hysteresis: the browser takes the echo away. */
export class Voice {
  constructor() {
    this.floor = -50; // dBFS
    this.loud = 0;
    this.quiet = 0;
    this.speaking = false;
  }

  /** Take the loudness of the next 20 ms; true when speech begins. */
  feed(level) {
    this.floor = level < this.floor ? level : Math.min(this.floor + 0.02, -30);
    const begins = Math.max(this.floor + 14, -42);
    const goesOn = Math.max(this.floor + 8, -48);
    if (this.speaking) {
      this.quiet = level < goesOn ? this.quiet + 1 : 0;
      if (this.quiet >= 20) this.speaking = false;
      if (!this.speaking) this.loud = 0;
      return false;
    }
    this.loud = level > begins ? this.loud + 1 : Math.max(0, this.loud - 2);
    if (this.loud < 6) return false;
    this.speaking = true;
    this.quiet = 0;
    return true;
  }
}

/** How loud 16-bit samples are, RMS in dBFS. */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(Math.max(1e-12, sum / samples.length / 32768 ** 2));
}

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

  get sounding() {
    return this.next > this.context.currentTime;
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
    this.kept = [];
    this.voice = new Voice();
    this.playback = null;
    this.deafUntil = 0; // what comes until the flush belongs to a reply that was interrupted
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

  /** A frame of the microphone. */
  heard(buffer) {
    if (this.over || !this.ready) return;
    this.kept.push(buffer);
    if (this.kept.length > KEPT) this.kept.shift();
    const begins = this.voice.feed(loudness(new Int16Array(buffer)));
    if (begins && this.phase === "speaking" && this.playback?.sounding) this.interrupt();
    else this.say(buffer);
  }

  /** What is being said is a new question, from half a second ago on. */
  interrupt() {
    this.playback.flush();
    this.deafUntil = performance.now() + UNHEARD;
    this.say(JSON.stringify({ wake: true }));
    const sound = new Uint8Array(this.kept.length * this.kept[0].byteLength);
    this.kept.forEach((piece, n) => sound.set(new Uint8Array(piece), n * piece.byteLength));
    this.say(sound);
  }

  told(data) {
    if (this.over) return;
    if (data instanceof ArrayBuffer) {
      if (performance.now() >= this.deafUntil) this.playback?.play(new Int16Array(data));
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
      this.deafUntil = 0;
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
