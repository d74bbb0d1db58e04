// The microphone's sound as 16 kHz int16, in frames of 20 ms; runs on the browser's audio thread.

const RATE = 16000;
const FRAME = 320;
const HALF = 16; // zero crossings of the sinc on each side of its centre
const CUTOFF = 0.9; // of the lower of both Nyquist frequencies

function gcd(a, b) {
  return b ? gcd(b, a % b) : a;
}

/** One filter for each of the `up` positions between two samples of the input. */
function filters(up, down) {
  const scale = Math.min(1, up / down);
  const reach = Math.ceil(HALF / scale);
  const bank = [];
  for (let phase = 0; phase < up; phase++) {
    const taps = new Float32Array(2 * reach);
    let sum = 0;
    for (let n = 0; n < taps.length; n++) {
      const x = n + 1 - reach - phase / up;
      const angle = Math.PI * CUTOFF * scale * x;
      const window = Math.abs(x) < reach ? Math.cos((Math.PI * x) / (2 * reach)) ** 2 : 0;
      taps[n] = (x === 0 ? 1 : Math.sin(angle) / angle) * window;
      sum += taps[n];
    }
    bank.push(taps.map((tap) => tap / sum)); // a constant goes through unchanged
  }
  return { bank, reach };
}

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    const common = gcd(sampleRate, RATE);
    this.up = RATE / common;
    this.down = sampleRate / common;
    const { bank, reach } = filters(this.up, this.down);
    this.bank = bank;
    this.pending = new Float32Array(2 * reach); // silence before the beginning
    this.step = 0; // of the next output sample, in 1/up of an input sample after pending[0]
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
  }

  process([channels]) {
    if (!channels?.length) return true;
    const fresh = channels[0];
    const all = new Float32Array(this.pending.length + fresh.length);
    all.set(this.pending);
    all.set(fresh, this.pending.length);
    for (;;) {
      const start = Math.floor(this.step / this.up);
      const taps = this.bank[this.step % this.up];
      if (start + taps.length > all.length) break;
      let sum = 0;
      for (let n = 0; n < taps.length; n++) sum += all[start + n] * taps[n];
      this.put(sum);
      this.step += this.down;
    }
    const used = Math.min(Math.floor(this.step / this.up), all.length);
    this.pending = all.slice(used);
    this.step -= used * this.up;
    return true;
  }

  put(sample) {
    this.frame[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
    if (this.filled < FRAME) return;
    this.port.postMessage(this.frame.buffer, [this.frame.buffer]);
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
  }
}

registerProcessor("microphone", Microphone);
