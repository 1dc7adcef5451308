// What only the world can answer: documents of an issuer, signatures, the body of a request.

const FRESH = 600n; // seconds for which a document is used without asking again
const STALE = 3600n; // seconds for which the last good one is used while its address does not answer
const COOLDOWN = 30n; // seconds between two fetches because of unknown keys
const RETRY = 1n; // seconds until an address is tried again that did not answer
const LARGEST = 256 * 1024; // bytes of a document
const PATIENCE = 5000; // milliseconds for a document
const KEYS = 256; // prepared keys

const hash = (bits) => `SHA-${bits}`;
const ALGORITHMS = {
  hs: (bits) => ({ name: "HMAC", hash: hash(bits) }),
  rs: (bits) => ({ name: "RSASSA-PKCS1-v1_5", hash: hash(bits) }),
  ps: (bits) => ({ name: "RSA-PSS", hash: hash(bits), saltLength: bits / 8 }),
  es: (bits) => ({ name: "ECDSA", hash: hash(bits), namedCurve: bits === 512 ? "P-521" : `P-${bits}` }),
};

/** `rs256` in the words of WebCrypto. */
function algorithm(name) {
  return name === "eddsa" ? { name: "Ed25519" } : ALGORITHMS[name.slice(0, 2)](Number(name.slice(2)));
}

export class Answers {
  #allowed;
  #documents = new Map();
  #keys = new Map();
  #revision = 0n;

  constructor({ documents }) {
    this.#allowed = new Set(documents);
  }

  /** The answer to one question; what fails is an answer, too, and never lets anybody in. */
  async to({ id, question: { tag, val } }, request, body) {
    try {
      return { id, answer: await this[tag](val, request, body) };
    } catch (error) {
      return { id, answer: { tag: "failed", val: String(error.message ?? error) } };
    }
  }

  async document({ url, freshness }) {
    const now = BigInt(Math.floor(Date.now() / 1000));
    const entry = this.#documents.get(url) ?? { body: undefined, fetched: 0n, revision: 0n, tried: 0n, searched: 0n };
    this.#documents.set(url, entry);
    const fresh = entry.body && now - entry.fetched < FRESH;
    const search = freshness === "unknown-key" && now - entry.searched >= COOLDOWN;
    if ((!fresh || search) && now - entry.tried >= RETRY) {
      if (search) entry.searched = now;
      try {
        const body = await this.#fetch(url);
        Object.assign(entry, { body, fetched: now, revision: ++this.#revision });
      } catch (error) {
        entry.tried = now;
        console.error(`${url}: ${error.message ?? error}`);
      }
    }
    if (!entry.body || now - entry.fetched >= STALE) throw new Error("there is no good copy of it");
    const end = entry.fetched + FRESH;
    const freshUntil = end > now ? end : now + RETRY;
    return { tag: "document", val: { revision: entry.revision, fetched: entry.fetched, freshUntil, body: entry.body } };
  }

  /** Only what the policy names is fetched, and the key set that a discovery document of it leads to. */
  async #fetch(url) {
    if (!this.#allowed.has(url)) throw new Error("the policy does not name this address");
    const options = { redirect: "manual", headers: { accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE) };
    const response = await fetch(url, options);
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    const body = await readAtMost(response.body, LARGEST);
    if (!body) throw new Error("it is too large");
    const { keys, jwks_uri: leads } = JSON.parse(new TextDecoder().decode(body));
    if (!Array.isArray(keys) && !isSafe(leads)) throw new Error("it is neither a key set nor does it lead to one");
    if (!keys) this.#allowed.add(leads);
    return body;
  }

  async verify({ algorithm: name, key, message, signature }) {
    const how = algorithm(name);
    return { tag: "verify", val: await crypto.subtle.verify(how, await this.#key(name, how, key), signature, message) };
  }

  async #key(name, how, { tag, val }) {
    if (tag === "secret") return crypto.subtle.importKey("raw", val, how, false, ["verify"]);
    const label = `${name} ${val}`;
    let key = this.#keys.get(label);
    if (!key) {
      key = await crypto.subtle.importKey("jwk", JSON.parse(val), how, false, ["verify"]);
      if (this.#keys.size >= KEYS) this.#keys.clear();
      this.#keys.set(label, key);
    }
    return key;
  }

  async sign({ key, message }) {
    const how = algorithm("es256");
    const own = await crypto.subtle.importKey("pkcs8", key, how, false, ["sign"]);
    return { tag: "signed", val: new Uint8Array(await crypto.subtle.sign(how, own, message)) };
  }

  /** The whole body, which is held for the app behind. */
  async body({ limit }, request, body) {
    body.held ??= await readAtMost(request.body, limit);
    return body.held ? { tag: "body", val: body.held } : { tag: "too-large" };
  }

  async call() {
    throw new Error("this shell calls no backend");
  }
}

/** https, or http on this machine. */
function isSafe(address) {
  const url = URL.parse(address);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(url?.hostname);
  return url?.username === "" && (url.protocol === "https:" || (url.protocol === "http:" && local));
}

/** All bytes of a stream; nothing if there are more than `limit`. */
async function readAtMost(stream, limit) {
  const pieces = [];
  let length = 0;
  for await (const piece of stream ?? []) {
    length += piece.byteLength;
    if (length > limit) return undefined;
    pieces.push(piece);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
