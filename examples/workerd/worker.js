// The gate in a worker: a baked component, transpiled by jco, decides; this shell answers what only the world can
// answer (answers.js) and does what the verdict says (forward.js). No policy is in here.

import { instantiate } from "gate.js";
import modules from "modules.js";
import { Answers } from "answers.js";
import { Forwarder } from "forward.js";

const ROUNDS = 12;
const UTF8 = new TextEncoder();

// Every import is a trap: a decision reads its arguments and nothing else.
function trap() {
  throw new Error("the component reached for the outside");
}
const nothing = new Proxy({}, { get: () => new Proxy({}, { get: () => trap }) });

let gate;

export default {
  async fetch(request, env) {
    try {
      gate ??= await start(env);
      return await serve(gate, request);
    } catch (error) {
      // After a trap the instance is in no state to go on with; the next request gets a new one.
      if (error instanceof WebAssembly.RuntimeError) gate = undefined;
      console.error(error.stack ?? error);
      return new Response("the gate could not decide\n", { status: 500, headers: { "cache-control": "no-store" } });
    }
  },
};

/** An instance with its secrets; what it asks for by name are bindings of the worker. */
async function start(env) {
  const { decider } = await instantiate((name) => modules[name], nothing, WebAssembly.instantiate);
  const loaded = decider.describe();
  if (!loaded) throw new Error("no policy is baked into the component: portcullis bake");
  const supplies = loaded.needs.map(({ source }) => {
    if (source.tag === "file") throw new Error(`the policy wants the file ${source.val}, and a worker has none`);
    return env[source.val] === undefined ? undefined : UTF8.encode(env[source.val]);
  });
  const seed = [...crypto.getRandomValues(new BigUint64Array(2))];
  const started = decider.start({ supplies, seed });
  // A call must be made once for all who wait for it; workers cannot wait for one another.
  if (started.calls.length > 0) throw new Error("the policy renews sessions at a backend, which this shell cannot do");
  return { decider, loaded, answers: new Answers(started), forwarder: new Forwarder(loaded, env) };
}

async function serve({ decider, loaded, answers, forwarder }, request) {
  const url = new URL(request.url);
  const target = request.url.slice(url.origin.length);
  const head = {
    method: request.method,
    scheme: url.protocol.slice(0, -1),
    authority: request.headers.get("host") ?? url.host,
    target: UTF8.encode(target),
    headers: loaded.headers.flatMap((name) => {
      const value = request.headers.get(name);
      return value === null ? [] : [[name, UTF8.encode(value)]];
    }),
    client: forwarder.client(request),
    now: BigInt(Math.floor(Date.now() / 1000)),
  };
  const known = [];
  const body = { held: undefined };
  for (let round = 0; round < ROUNDS; round++) {
    const step = decider.decide(head, known);
    if (step.tag === "questions") {
      known.push(...(await Promise.all(step.val.map((asked) => answers.to(asked, request, body)))));
      continue;
    }
    const { action, rule, reason } = step.val;
    if (loaded.proxy.accessLog) console.log(JSON.stringify({ action: action.tag, rule: loaded.rules[rule], reason }));
    const passes = action.tag === "pass" || action.tag === "rewrite";
    return passes ? forwarder.forward(action.val, request, head, body) : reply(action.val, request);
  }
  throw new Error("the gate asked too often");
}

/** An answer of the gate's own. */
function reply({ status, headers, body }, request) {
  const lines = headers.map(([name, value]) => [name, new TextDecoder().decode(value)]);
  const bodiless = request.method === "HEAD" || status === 204 || status === 304;
  return new Response(bodiless ? null : body, { status, headers: lines });
}
