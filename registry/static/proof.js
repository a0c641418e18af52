// The small computation before a code is sent: find a number such that SHA-256 of "question:number" begins with so
// many zero bits. It runs in short stretches while the form is filled in; the form waits for it. Without this script
// the form works as well, after some seconds of waiting.
"use strict";

(() => {
  // The constants of FIPS 180-4: first 32 bits of the fractional parts of roots of the first primes.
  const primes = [];
  for (let n = 2; primes.length < 64; n += 1) if (primes.every((p) => n % p)) primes.push(n);
  const fraction = (x) => Math.floor((x - Math.floor(x)) * 4294967296) | 0;
  const START = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
  const ROUND = primes.map((p) => fraction(Math.cbrt(p)));
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  const w = new Int32Array(64);

  // One block of 64 bytes into the state, in place.
  const press = (state, bytes, at) => {
    for (let i = 0; i < 16; i += 1) {
      const b = at + 4 * i;
      w[i] = (bytes[b] << 24) | (bytes[b + 1] << 16) | (bytes[b + 2] << 8) | bytes[b + 3];
    }
    for (let i = 16; i < 64; i += 1) {
      const x = w[i - 15];
      const y = w[i - 2];
      w[i] = (w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + w[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10))) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
      const s = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
      const t = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + s) | 0; d = c; c = b; b = a; a = (s + t) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] = (state[i] + x) | 0; });
  };

  const encode = (text) => new TextEncoder().encode(text);

  // A function number → the first 32 bits of the hash; whole blocks of the question are pressed once.
  const hasher = (question) => {
    const head = encode(`${question}:`);
    const whole = head.length - (head.length % 64);
    const begun = Int32Array.from(START);
    for (let at = 0; at < whole; at += 64) press(begun, head, at);
    const rest = head.subarray(whole);
    return (number) => {
      const tail = encode(String(number));
      const length = rest.length + tail.length;
      const bytes = new Uint8Array(length + 9 > 64 ? 128 : 64);
      bytes.set(rest);
      bytes.set(tail, rest.length);
      bytes[length] = 0x80;
      new DataView(bytes.buffer).setUint32(bytes.length - 4, (whole + length) * 8);
      const state = Int32Array.from(begun);
      for (let at = 0; at < bytes.length; at += 64) press(state, bytes, at);
      return state[0] >>> 0;
    };
  };

  for (const form of document.querySelectorAll("form[data-proof]")) {
    const wanted = Number(form.dataset.bits);
    const button = form.querySelector("[type=submit]");
    const words = button.textContent;
    for (const words of form.querySelectorAll("[data-unproved]")) words.hidden = true;
    const hash = hasher(form.elements.asked.value);
    let number = 0;
    let sending = false;

    const stretch = () => {
      const until = performance.now() + 12;
      while (performance.now() < until) {
        for (let i = 0; i < 200; i += 1, number += 1) {
          if (Math.clz32(hash(number)) >= wanted) {
            form.elements.answer.value = String(number);
            if (sending) { button.disabled = false; button.textContent = words; form.requestSubmit(button); }
            return;
          }
        }
      }
      setTimeout(stretch, 0);
    };
    stretch();

    form.addEventListener("submit", (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      sending = true;
      button.disabled = true;
      button.textContent = form.dataset.busy;
    });
  }
})();
