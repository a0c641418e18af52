// Checks the signed content of a certificate in the browser: what lies behind the # of a QR code's link. The server
// never sees it. Reads CBOR in its one canonical form only, checks the Ed25519 signature (by the browser itself, or by
// vendor/noble where it cannot), and looks the certificate up in the kept status lists, once their own signatures hold.
// Formats: docs/rooms/verification.md
"use strict";

(() => {
  const told = document.getElementById("verify-config");
  if (!told) return;
  const config = JSON.parse(told.textContent);
  const words = config.words;
  const noble = document.currentScript && document.currentScript.dataset.noble;
  const KEPT = "verify-1";

  class Bad extends Error {}

  // --- bytes -----------------------------------------------------------------------------------------

  const ofBase64 = (text) => {
    if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length > 4096) throw new Bad("base64url");
    const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/") + "=".repeat((4 - (text.length % 4)) % 4));
    const bytes = Uint8Array.from(raw, (char) => char.charCodeAt(0));
    const again = btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    if (again !== text) throw new Bad("base64url");
    return bytes;
  };

  const join = (...parts) => {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) { whole.set(part, at); at += part.length; }
    return whole;
  };

  // --- CBOR: whole numbers, bytes, texts, lists, maps of numbers; shortest lengths, keys in order (RFC 8949 §4.2.1) ------

  const read = (bytes) => {
    let at = 0;
    const take = (length) => {
      if (at + length > bytes.length) throw new Bad("short");
      at += length;
      return bytes.subarray(at - length, at);
    };
    const head = () => {
      const first = take(1)[0];
      const kind = first >> 5;
      const low = first & 31;
      if (low < 24) return [kind, low];
      if (low > 27) throw new Bad("length");
      const size = 1 << (low - 24);
      const number = take(size).reduce((sum, byte) => sum * 256 + byte, 0);
      const least = [24, 256, 65536, 4294967296][low - 24];
      if (number < least || number > Number.MAX_SAFE_INTEGER) throw new Bad("length");
      return [kind, number];
    };
    const item = (depth) => {
      if (depth > 4) throw new Bad("depth");
      const [kind, number] = head();
      switch (kind) {
        case 0: return number;
        case 1: return -1 - number;
        case 2: return take(number);
        case 3: return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(take(number));
        case 4: return Array.from({ length: Math.min(number, 64) + (number > 64 ? NaN : 0) }, () => item(depth + 1));
        case 5: {
          const map = new Map();
          let before = -1;
          for (let n = 0; n < number; n += 1) {
            const key = item(depth + 1);
            if (!Number.isInteger(key) || key <= before) throw new Bad("key");
            before = key;
            map.set(key, item(depth + 1));
          }
          return map;
        }
        default: throw new Bad("kind");
      }
    };
    const found = item(0);
    if (at !== bytes.length) throw new Bad("rest");
    return found;
  };

  const lead = (kind, number) => {
    if (number < 24) return Uint8Array.of((kind << 5) | number);
    if (number < 256) return Uint8Array.of((kind << 5) | 24, number);
    return Uint8Array.of((kind << 5) | 25, number >> 8, number & 255);
  };
  const asBytes = (bytes) => join(lead(2, bytes.length), bytes);
  const asText = (text) => { const bytes = new TextEncoder().encode(text); return join(lead(3, bytes.length), bytes); };

  // --- the envelope and what lies in it --------------------------------------------------------------

  const isBytes = (value, length) => value instanceof Uint8Array && value.length === length;
  const isText = (value) => typeof value === "string";
  const isNumber = (value) => Number.isInteger(value) && value >= 0;
  const isPair = (value, is) => Array.isArray(value) && value.length === 2 && value.every(is);

  const open = (fragment) => {
    const raw = ofBase64(fragment);
    if (raw[0] !== 1) throw new Bad("suite");
    const parts = read(raw.subarray(1));
    if (!Array.isArray(parts) || parts.length !== 4) throw new Bad("envelope");
    const [heads, open, payload, signature] = parts;
    if (!(heads instanceof Uint8Array) || !(open instanceof Map) || open.size || !(payload instanceof Uint8Array) || !isBytes(signature, 64)) throw new Bad("envelope");
    const header = read(heads);
    if (!(header instanceof Map) || header.size !== 2 || header.get(1) !== -8 || !isBytes(header.get(4), 8)) throw new Bad("header");
    const kid = new TextDecoder().decode(header.get(4));
    const signed = join(lead(4, 4), asText("Signature1"), asBytes(heads), asBytes(new Uint8Array(0)), asBytes(payload));
    return { kid, signature, signed, claims: claimsOf(read(payload), kid) };
  };

  const dayOf = (days) => new Date(days * 86400000).toISOString().slice(0, 10);

  const claimsOf = (map, kid) => {
    const get = (key, is) => { const value = map.get(key); if (!is(value)) throw new Bad(`claim ${key}`); return value; };
    if (!(map instanceof Map) || map.get(1) !== 1 || map.size !== (map.has(14) ? 14 : 13)) throw new Bad("version");
    const claims = {
      issuer: get(2, isText), number: get(3, isText), name: get(4, isText), check: get(5, (value) => isBytes(value, 8)),
      occupation: get(6, (value) => isPair(value, isText)), level: get(7, isNumber), issued_on: dayOf(get(8, isNumber)),
      body: get(9, isText), kid: get(10, isText), status: get(11, (value) => isPair(value, isNumber)),
      salt: get(12, (value) => isBytes(value, 8)), family: get(13, isNumber),
      expires_on: map.has(14) ? dayOf(get(14, isNumber)) : "",
    };
    if (claims.kid !== kid) throw new Bad("kid");
    return claims;
  };

  // --- keys, signatures, lists -----------------------------------------------------------------------

  const fetched = async (url) => {
    const answer = await fetch(url, { credentials: "omit" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const keyOf = async (kid) => (await fetched(config.jwks)).keys.find((key) => key.kid === kid);

  const holds = async (key, signature, signed) => {
    const raw = ofBase64(key.x);
    try {
      const native = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
      return await crypto.subtle.verify({ name: "Ed25519" }, native, signature, signed);
    } catch (error) {
      const library = await import(noble);
      return library.verifyAsync(signature, signed, raw, { zip215: false });
    }
  };

  // JSON in exactly one way (RFC 8785): texts as JSON.stringify writes them, names in the order of their UTF-16 units.
  const canonical = (value) => {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
  };
  const digest = async (value) => new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(value))));

  // The 64 bytes of a signature in base58-btc behind its z.
  const LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const ofBase58 = (text) => {
    let number = 0n;
    for (const letter of text) {
      const place = LETTERS.indexOf(letter);
      if (place < 0) throw new Bad("base58");
      number = number * 58n + BigInt(place);
    }
    if (number >> 512n) throw new Bad("base58");
    return Uint8Array.from(number.toString(16).padStart(128, "0").match(/../g), (pair) => parseInt(pair, 16));
  };

  // Whether a list is signed by a key of the body that issued the certificate (Data Integrity, eddsa-jcs-2022 §3.3).
  const signedBy = async (list, did) => {
    const { proof, ...document } = list;
    const { proofValue, ...options } = proof;
    if (options.type !== "DataIntegrityProof" || options.cryptosuite !== "eddsa-jcs-2022" || options.proofPurpose !== "assertionMethod") return false;
    if (canonical(options["@context"]) !== canonical(document["@context"]) || !/^z[1-9A-HJ-NP-Za-km-z]{60,90}$/.test(proofValue)) return false;
    const [name, kid] = options.verificationMethod.split("#");
    const key = await keyOf(kid);
    if (name !== did || document.issuer !== did || !key || key.did !== did || key.state === "compromised") return false;
    return holds(key, ofBase58(proofValue.slice(1)), join(await digest(options), await digest(document)));
  };

  // One status list: whether the bit is set, and the moment as of which it says so.
  const listed = async (claims, did, purpose) => {
    const status = claims.status;
    const entry = (await fetched(config.lists)).lists.find((list) => list.id === status[0]);
    if (!entry) return null;
    const list = await fetched(new URL(entry[purpose]).pathname);
    if (list.id !== entry[purpose] || list.credentialSubject.statusPurpose !== purpose || !(await signedBy(list, did))) throw new Bad("list");
    const packed = ofBase64Long(list.credentialSubject.encodedList.slice(1));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const bits = new Uint8Array(await new Response(stream).arrayBuffer());
    return { set: Boolean(bits[status[1] >> 3] & (0x80 >> (status[1] & 7))), asOf: new Date(list.validFrom) };
  };
  const ofBase64Long = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));

  // What the lists say; a list that is not signed as it must be says nothing, and that is told.
  const statusOf = async (claims, did) => {
    try {
      const [revocation, suspension] = await Promise.all([listed(claims, did, "revocation"), listed(claims, did, "suspension")]);
      if (!revocation || !suspension) return { status: null };
      return { status: { revoked: revocation.set, suspended: suspension.set, asOf: new Date(Math.min(revocation.asOf, suspension.asOf)) } };
    } catch (error) { return { status: null, forged: error instanceof Bad }; }
  };

  // The answer to a fragment without asking the server about this certificate.
  const check = async (fragment) => {
    let opened;
    try { opened = open(fragment); } catch (error) { return { answer: "not_ours" }; }
    let key;
    try { key = await keyOf(opened.kid); } catch (error) { return { answer: "unknown" }; }
    // A key that we never published; without the server it may be newer than what was kept.
    if (!key) return { answer: navigator.onLine ? "not_ours" : "unknown" };
    if (!(await holds(key, opened.signature, opened.signed)) || key.issuer !== opened.claims.issuer) return { answer: "not_ours" };
    const found = { claims: opened.claims, key, ...(await statusOf(opened.claims, key.did)) };
    const today = new Date(Date.now() + 8 * 3600000).toISOString().slice(0, 10); // the day in China
    if (key.state === "compromised") return { ...found, answer: "compromised" };
    if (found.status && found.status.revoked) return { ...found, answer: "revoked" };
    if (found.claims.expires_on && found.claims.expires_on < today) return { ...found, answer: "ended" };
    if (found.status && found.status.suspended) return { ...found, answer: "suspended" };
    return { ...found, answer: "signed" };
  };

  // --- what the page shows ---------------------------------------------------------------------------

  const box = document.getElementById("verdict");
  const moment = (at) => {
    const two = (number) => String(number).padStart(2, "0");
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  };
  const say = (answer, tone, text, more) => {
    box.hidden = false;
    box.className = `verdict ${tone}`;
    box.dataset.answer = answer;
    box.querySelector(".said").textContent = text;
    box.querySelector(".more").textContent = more || "";
  };

  const SAY = {
    not_ours: ["bad", () => words.not_ours], unknown: ["warn", () => words.unknown_key], compromised: ["bad", () => words.compromised],
    revoked: ["bad", (asOf) => words.revoked_as_of.replace("{day}", asOf)], ended: ["warn", () => words.ended],
    suspended: ["warn", (asOf) => words.suspended_as_of.replace("{day}", asOf)],
    signed: ["warn", (asOf) => (asOf ? words.signed_only_as_of.replace("{day}", asOf) : words.signed_only)],
  };

  const showFacts = (claims) => {
    const list = document.getElementById("facts");
    list.replaceChildren();
    const rows = [
      ["number", claims.number], ["name", claims.name], ["occupation", claims.occupation[1]], ["level", config.levels[claims.level] || ""],
      ["family", config.families[claims.family] || ""], ["body", claims.body], ["issued_on", claims.issued_on], ["expires_on", claims.expires_on],
    ];
    for (const [name, value] of rows) {
      if (!value) continue;
      const row = document.createElement("div");
      const label = document.createElement("dt");
      const text = document.createElement("dd");
      label.textContent = config.labels[name];
      text.textContent = value;
      row.append(label, text);
      list.append(row);
    }
  };

  const alone = async (fragment) => {
    if (!fragment) { say("nothing", "warn", words.nothing); return; }
    const found = await check(fragment);
    const [tone, text] = SAY[found.answer];
    say(found.answer, tone, text(found.status ? moment(found.status.asOf) : ""), found.forged ? words.forged : found.claims ? words.offline : "");
    if (found.claims) showFacts(found.claims); else document.getElementById("facts").replaceChildren();
  };

  // Beside the server's answer: the signature, and that both speak of the same certificate. What the paper's signature
  // does not cover is not believed, whatever the address says.
  const beside = async (fragment, online) => {
    const found = await check(fragment);
    if (found.answer === "not_ours") { say("not_ours", "bad", words.not_ours, ""); return; }
    const number = document.getElementById("fact-number");
    if (!number || !found.claims) return;
    if (number.textContent !== found.claims.number) { say("not_ours", "bad", words.not_ours, words.other); return; }
    const line = document.getElementById("signed");
    line.textContent = found.answer === "compromised" ? words.key_lost : words.signed;
    line.hidden = false;
    document.getElementById("check").dataset.signed = online;
  };

  const place = document.getElementById("check");
  if (place && place.dataset.offline) {
    alone(location.hash.slice(1));
    addEventListener("hashchange", () => alone(location.hash.slice(1)));
    document.getElementById("paste").addEventListener("submit", (event) => {
      event.preventDefault();
      alone((document.getElementById("link").value.split("#")[1] || "").trim());
    });
  } else if (place && box && location.hash.length > 1) {
    beside(location.hash.slice(1), place.dataset.online);
  }

  // --- kept for when there is no network -------------------------------------------------------------

  const keep = async () => {
    await navigator.serviceWorker.register(config.worker);
    const cache = await caches.open(KEPT);
    await cache.addAll([config.jwks, config.lists]);
    const index = await (await cache.match(config.lists)).json();
    // The newest first; somebody's own certificate is among them unless it is one of hundreds of thousands.
    for (const list of index.lists.slice(0, 100)) await cache.addAll([new URL(list.revocation).pathname, new URL(list.suspension).pathname]);
    document.documentElement.dataset.kept = "1";
  };
  if (navigator.onLine && "serviceWorker" in navigator && window.caches && !(place && place.dataset.offline)) keep().catch(() => {});

  window.jiangceVerify = { open, check };
})();
