// What becomes of sessions when the Convex deployment fails, and of many requests with
// one session. The gate stands in front of the rig's plain upstream.
//   node faults.mjs --target PORT --lab PORT --cloud PORT [--cold PORT] [--timeout MS] [--action-timeout MS] [--only WORD]
// --timeout: after how long the gate under test gives up on a refresh or an exchange;
// --action-timeout: on sign-in and sign-out.
// --cold: a gate that was started while nothing of the deployment answered (the fault is
// still on), hence knows no keys.
import http from "node:http";
import { parseArgs } from "node:util";

const { values: opt } = parseArgs({
  options: { target: { type: "string" }, lab: { type: "string" }, cloud: { type: "string" }, cold: { type: "string" }, timeout: { type: "string", default: "5000" }, "action-timeout": { type: "string", default: "20000" }, only: { type: "string" } },
});
const HOST = "localhost:3000"; // a name of this machine: cookies without prefix
const ORIGIN = `http://${HOST}`;
const JWT = "__convexAuthJWT";
const REFRESH = "__convexAuthRefreshToken";
const VERIFIER = "__convexAuthOAuthVerifier";
const PASSWORD = "correct horse battery";
const TIMEOUT = Number(opt.timeout);
const ACTION_TIMEOUT = Number(opt["action-timeout"]);

const sleep = (ms) => new Promise((ok) => setTimeout(ok, ms));
async function lab(what, arg) {
  const res = await fetch(`http://127.0.0.1:${opt.lab}${what}`, { method: "POST", body: JSON.stringify(arg ?? {}) });
  if (!res.ok) throw new Error(`${what}: ${await res.text()}`);
  return await res.json();
}
// A public function called as another client would, past the gate.
async function direct(name, args) {
  const res = await fetch(`http://127.0.0.1:${opt.cloud}/api/action`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ path: name, format: "convex_encoded_json", args: [args] }),
  });
  const body = await res.json();
  if (body.status !== "success") throw new Error(`${name}: ${JSON.stringify(body)}`);
  return body.value;
}

const decode = (raw) => {
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
};
const payload = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
const jarLine = (jar) => Object.entries(jar).map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join("; ");

// One request. `hangUp`: the socket is destroyed after that many milliseconds.
function send({ port = opt.target, method = "GET", path = "/", jar = {}, headers = {}, body, hangUp, limit = ACTION_TIMEOUT + TIMEOUT + 10_000 }) {
  return new Promise((resolve) => {
    const began = Date.now();
    const all = { host: HOST, accept: "text/html,*/*", ...headers };
    if (Object.keys(jar).length) all.cookie = jarLine(jar);
    if (body !== undefined) Object.assign(all, { "content-type": "text/plain;charset=UTF-8", origin: ORIGIN });
    const req = http.request({ host: "127.0.0.1", port, method, path, headers: all, agent: false }, (res) => {
      let text = "";
      res.setEncoding("utf8");
      res.on("data", (c) => (text += c));
      res.on("error", () => {});
      res.on("end", () => {
        const cookies = {};
        const gone = [];
        for (const line of res.headers["set-cookie"] ?? []) {
          const [pair, ...rest] = line.split(";");
          const name = pair.slice(0, pair.indexOf("=")).trim();
          const value = decode(pair.slice(pair.indexOf("=") + 1));
          const at = Object.fromEntries(rest.map((x) => [x.trim().split("=")[0].toLowerCase(), x.slice(x.indexOf("=") + 1).trim()]));
          if (value === "" || at["max-age"] === "0" || (at.expires && Date.parse(at.expires) < Date.now())) gone.push(name);
          else cookies[name] = value;
        }
        let json;
        try {
          json = JSON.parse(text);
        } catch {
          json = undefined;
        }
        const upstream = res.headers["x-rig-upstream"] ? json : null;
        resolve({ status: res.statusCode, headers: res.headers, cookies, gone, text, json, upstream, ms: Date.now() - began });
      });
    });
    req.on("error", (error) => resolve({ status: 0, error: error.message, headers: {}, cookies: {}, gone: [], text: "", upstream: null, ms: Date.now() - began }));
    req.setTimeout(limit, () => req.destroy(new Error(`no answer in ${limit} ms`)));
    if (hangUp !== undefined) setTimeout(() => req.destroy(new Error("hung up")), hangUp);
    if (body !== undefined) req.write(typeof body === "string" ? body : JSON.stringify(body));
    req.end();
  });
}
const signIn = (args) => ({ method: "POST", path: "/api/auth", body: { action: "auth:signIn", args } });
const signOut = () => ({ method: "POST", path: "/api/auth", body: { action: "auth:signOut", args: {} } });

let passed = 0;
let failed = 0;
function tell(title, problems) {
  if (problems.length === 0) passed++;
  else failed++;
  console.log(`${problems.length ? "FAIL" : "ok"}    ${title}`);
  for (const p of problems) console.log(`        ${p}`);
}
const wanted = (title) => !opt.only || title.includes(opt.only);

// --- what an answer must be ---
const seenBy = (r) => (r.error ? `no answer (${r.error})` : `${r.status}${r.headers.location ? ` to ${r.headers.location}` : ""}`);
const nothingLost = (r, problems) => {
  if (r.gone.length) problems.push(`clears ${r.gone.join(", ")}`);
};
const newSession = (r, problems, stale) => {
  if (!r.cookies[JWT] || !r.cookies[REFRESH]) problems.push(`${seenBy(r)} sets no new session`);
  else if (stale && r.cookies[REFRESH] === stale.refreshToken) problems.push("sets the old refresh token again");
  if (r.gone.some((n) => n !== VERIFIER)) problems.push(`clears ${r.gone.join(", ")}`);
};
const page = (r, problems, { token } = {}) => {
  if (r.status !== 200 || !r.upstream) problems.push(`${seenBy(r)} instead of the page`);
  else if (token && r.upstream.cookies[JWT] !== token) problems.push(`the app saw ${r.upstream.cookies[JWT] ? "another token" : "no token"}`);
};
const refreshedPage = (stale) => (r, problems) => {
  page(r, problems);
  newSession(r, problems, stale);
  if (r.upstream && r.cookies[JWT] && r.upstream.cookies[JWT] !== r.cookies[JWT]) problems.push("the app did not see the new token");
};
const sorry = (r, problems) => {
  if (![502, 503, 504].includes(r.status)) problems.push(`${seenBy(r)} instead of 502, 503 or 504`);
  if (Object.keys(r.cookies).length) problems.push(`sets ${Object.keys(r.cookies).join(", ")}`);
};
const sorryPage = (r, problems) => {
  sorry(r, problems);
  if (r.upstream) problems.push("reached the app");
};
const tryAgain = (r, problems) => {
  if (r.status !== 503) problems.push(`${seenBy(r)} instead of 503`);
  if (!/^\d+$/.test(r.headers["retry-after"] ?? "")) problems.push(`Retry-After is ${JSON.stringify(r.headers["retry-after"])}`);
  sorryPage(r, problems);
};
const sorryJson = (r, problems) => {
  sorry(r, problems);
  if (typeof r.json?.error !== "string" || r.json.error === "") problems.push(`the body is ${JSON.stringify(r.text.slice(0, 80))} instead of {"error": …}`);
};
const signedIn = (r, problems) => {
  if (r.status !== 200 || typeof r.json?.tokens?.token !== "string") problems.push(`${seenBy(r)} ${r.text.slice(0, 120)} instead of tokens`);
  else if (r.json.tokens.refreshToken !== "dummy") problems.push("gives the refresh token to the page");
  newSession(r, problems);
};
const exchanged = (r, problems) => {
  if (r.status !== 307 || /code=/.test(r.headers.location ?? "code=")) problems.push(`${seenBy(r)} instead of 307 without the code`);
  newSession(r, problems);
};

// --- sessions ---
const live = async (arg) => {
  const s = await lab("/session", arg);
  return { ...s, jar: { [JWT]: s.token, [REFRESH]: s.refreshToken } };
};
const stale = () => live({ issuedAgo: 3600, expIn: -5 });
let people = 0;
async function person() {
  const email = `person${++people}@example.test`;
  await direct("auth:signIn", { provider: "password", params: { flow: "signUp", email, password: PASSWORD } });
  return email;
}
async function magicLink(redirectTo) {
  const email = `link${++people}@example.test`;
  await direct("auth:signIn", { provider: "magic", params: { email, redirectTo } });
  const mail = (await lab("/mail")).find((m) => m.to === email);
  const url = new URL(mail.url);
  return url.pathname + url.search;
}
// Where the browser comes back from the provider, and the verifier it then holds.
async function oauth() {
  const started = await direct("auth:signIn", { provider: "fakehub", params: { redirectTo: "/product" } });
  const jars = {};
  let url = started.redirect;
  for (let hop = 0; hop < 8 && !url.startsWith(`${ORIGIN}/`); hop++) {
    const at = new URL(url);
    const jar = (jars[at.host] ??= {});
    const res = await fetch(url, { redirect: "manual", headers: { cookie: Object.entries(jar).map(([k, v]) => `${k}=${v}`).join("; ") } });
    for (const line of res.headers.getSetCookie()) jar[line.slice(0, line.indexOf("="))] = line.split(";")[0].slice(line.indexOf("=") + 1);
    url = new URL(res.headers.get("location"), url).toString();
  }
  const back = new URL(url);
  return { path: back.pathname + back.search, verifier: started.verifier };
}

// --- the places where a gate calls the deployment ---
// Each gives the request, what must hold while the fault lasts, and what the very same
// request must get at once when it is over. `after` looks at the session once more.
const alive = (s) => async (problems) => {
  const r = await send({ path: "/product", jar: s.jar });
  page(r, problems, { token: s.token });
  nothingLost(r, problems);
};
const html = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "cross-site" };
const places = {
  "refresh on an open page": async () => {
    const s = await stale();
    return { request: { path: "/about", jar: s.jar }, during: (r, p) => page(r, p), recovered: refreshedPage(s) };
  },
  "refresh on a protected page": async () => {
    const s = await stale();
    return { request: { path: "/product", jar: s.jar }, during: tryAgain, recovered: refreshedPage(s) };
  },
  "refresh of a POST to a protected page": async () => {
    const s = await stale();
    return { request: { method: "POST", path: "/product/1", jar: s.jar, body: "hello" }, during: tryAgain, recovered: refreshedPage(s) };
  },
  "refresh on the sign-in page": async () => {
    const s = await stale();
    const led = (r, p) => {
      if (r.status !== 307 || !/\/product$/.test(r.headers.location ?? "")) p.push(`${seenBy(r)} instead of 307 to /product`);
      newSession(r, p, s);
    };
    return { request: { path: "/signin", jar: s.jar }, during: (r, p) => (r.status === 503 ? sorryPage(r, p) : page(r, p)), recovered: led };
  },
  "refresh that is due, the token still valid, on a protected page": async () => {
    const s = await live({ issuedAgo: 3570, expIn: 30 });
    return { request: { path: "/product", jar: s.jar }, during: (r, p) => page(r, p, { token: s.token }), recovered: refreshedPage(s) };
  },
  "a valid token on a protected page": async () => {
    const s = await live();
    return { request: { path: "/product", jar: s.jar }, during: (r, p) => page(r, p, { token: s.token }), recovered: (r, p) => page(r, p, { token: s.token }) };
  },
  "client refresh, token expired": async () => {
    const s = await stale();
    return { request: { ...signIn({ refreshToken: "dummy" }), jar: s.jar }, during: sorryJson, recovered: signedIn };
  },
  "client refresh, token valid": async () => {
    const s = await live();
    return { request: { ...signIn({ refreshToken: "dummy" }), jar: s.jar }, during: sorryJson, recovered: signedIn, after: alive(s) };
  },
  "sign-in while signed in": async () => {
    const s = await live();
    const email = await person();
    return { request: { ...signIn({ provider: "password", params: { flow: "signIn", email, password: PASSWORD } }), jar: s.jar }, during: sorryJson, recovered: signedIn, after: alive(s) };
  },
  "sign-in while signed out": async () => {
    const email = await person();
    return { request: signIn({ provider: "password", params: { flow: "signIn", email, password: PASSWORD } }), during: sorryJson, recovered: signedIn };
  },
  "sign-in with an expired session": async () => {
    const s = await stale();
    const email = await person();
    return { request: { ...signIn({ provider: "password", params: { flow: "signIn", email, password: PASSWORD } }), jar: s.jar }, during: sorryJson, recovered: signedIn };
  },
  "sign-in that starts OAuth": async () => {
    const s = await live();
    const started = (r, p) => {
      if (r.status !== 200 || typeof r.json?.redirect !== "string" || !r.cookies[VERIFIER]) p.push(`${seenBy(r)} ${r.text.slice(0, 120)} instead of a redirect and a verifier`);
      nothingLost(r, p);
    };
    return { request: { ...signIn({ provider: "fakehub", params: {} }), jar: s.jar }, during: sorryJson, recovered: started, after: alive(s) };
  },
  "sign-out": async () => {
    const s = await live();
    const out = (r, p) => {
      if (r.status !== 200 || r.text.trim() !== "null") p.push(`${seenBy(r)} ${r.text.slice(0, 80)} instead of 200 null`);
      if (!r.gone.includes(JWT) || !r.gone.includes(REFRESH)) p.push(`clears only ${r.gone.join(", ") || "nothing"}`);
    };
    return { request: { ...signOut(), jar: s.jar }, during: out, recovered: out, clears: true };
  },
  "sign-out with an expired session": async () => {
    const s = await stale();
    const out = (r, p) => {
      if (r.status !== 200 || r.text.trim() !== "null") p.push(`${seenBy(r)} ${r.text.slice(0, 80)} instead of 200 null`);
      if (!r.gone.includes(JWT) || !r.gone.includes(REFRESH)) p.push(`clears only ${r.gone.join(", ") || "nothing"}`);
    };
    return { request: { ...signOut(), jar: s.jar }, during: out, recovered: out, clears: true };
  },
  "magic link while signed out": async () => {
    const path = await magicLink("/product");
    return { request: { path, headers: html }, during: sorryPage, recovered: exchanged };
  },
  "magic link while signed in": async () => {
    const s = await live();
    const path = await magicLink("/product");
    // whoever is signed in may as well get the page
    const either = (r, p) => (r.status === 200 ? page(r, p, { token: s.token }) : sorryPage(r, p));
    return { request: { path, jar: s.jar, headers: html }, during: either, recovered: exchanged, after: alive(s) };
  },
  "magic link with an expired session": async () => {
    const s = await stale();
    const path = await magicLink("/about");
    return { request: { path, jar: s.jar, headers: html }, during: sorryPage, recovered: exchanged };
  },
  "OAuth code with its verifier": async () => {
    const { path, verifier } = await oauth();
    return { request: { path, jar: { [VERIFIER]: verifier }, headers: html }, during: sorryPage, recovered: exchanged };
  },
};

// Longer than two calls one after the other, so that a code is still there afterwards.
const SLOW = 2 * TIMEOUT + ACTION_TIMEOUT + 3000;
const faults = [
  ["drop", { mode: "drop" }],
  ["status 429", { mode: "status", status: 429 }],
  ["status 500", { mode: "status", status: 500 }],
  ["status 503", { mode: "status", status: 503 }],
  ["garbage", { mode: "garbage" }],
  ["everything down", { mode: "drop", site: true }],
  ["slower than the timeout", { mode: "slow", ms: SLOW }],
  ["slow, within the timeout", { mode: "slow", ms: Math.min(700, TIMEOUT / 3) }],
];

if (opt.cold && wanted("a gate that never saw the keys")) {
  const problems = [];
  const s = await live();
  const guarded = await send({ port: opt.cold, path: "/product", jar: s.jar });
  tryAgain(guarded, problems);
  nothingLost(guarded, problems);
  const open = await send({ port: opt.cold, path: "/about", jar: s.jar });
  page(open, problems);
  nothingLost(open, problems);
  await lab("/fault", { mode: "none" });
  const began = Date.now();
  let r;
  do {
    await sleep(250);
    r = await send({ port: opt.cold, path: "/product", jar: s.jar });
    nothingLost(r, problems);
  } while (r.status !== 200 && Date.now() - began < 15_000);
  page(r, problems, { token: s.token });
  tell(`a gate that never saw the keys, everything down; back ${((Date.now() - began) / 1000).toFixed(1)} s after the deployment`, problems);
}

await lab("/reset");
// from here on the gate knows the keys
await send({ path: "/product", jar: (await live()).jar });

for (const [name, fault] of faults) {
  if (opt.only && !Object.keys(places).some((place) => wanted(`${name}: ${place}`))) continue;
  await lab("/reset");
  const mild = fault.mode === "slow" && fault.ms < TIMEOUT;
  // everything at once: the places are independent of each other
  const cases = [];
  for (const [place, prepare] of Object.entries(places)) if (wanted(`${name}: ${place}`)) cases.push({ place, problems: [], ...(await prepare()) });
  await lab("/fault", fault);
  const began = Date.now();
  await Promise.all(
    cases.map(async (c) => {
      const r = await send(c.request);
      const said = [];
      if (mild) c.recovered(r, said);
      else c.during(r, said);
      if (!c.clears && !mild) nothingLost(r, said);
      if (r.ms > TIMEOUT + (c.request.path === "/api/auth" ? ACTION_TIMEOUT : TIMEOUT) + 3000) said.push(`took ${r.ms} ms`);
      c.problems.push(...said.map((x) => `during the fault: ${x}`));
    }),
  );
  // the session that was there is still served while the fault lasts
  if (!mild) {
    for (const c of cases) {
      if (!c.after) continue;
      const said = [];
      await c.after(said);
      c.problems.push(...said.map((x) => `the session, during the fault: ${x}`));
    }
  }
  await lab("/fault", { mode: "none" });
  if (!mild) {
    await Promise.all(
      cases.map(async (c) => {
        const said = [];
        const r = await send(c.request);
        c.recovered(r, said);
        if (r.ms > 2000) said.push(`took ${r.ms} ms`);
        c.problems.push(...said.map((x) => `after it: ${x}`));
      }),
    );
  }
  for (const c of cases) tell(`${name}: ${c.place}`, c.problems);
  // let what is still under way on the deployment end before it is reset
  if (fault.ms === SLOW) await sleep(Math.max(0, began + SLOW + 1000 - Date.now()));
}

async function once(title, work) {
  if (!wanted(title)) return;
  const problems = [];
  try {
    await lab("/reset");
    await work(problems);
  } catch (error) {
    problems.push(`could not go on: ${error.message}`);
  }
  await lab("/fault", { mode: "none" });
  tell(title, problems);
}
const refreshCalls = async () => (await lab("/calls")).filter((c) => c.args?.refreshToken !== undefined).length;
const countIs = (n, calls, problems) => {
  if (calls !== n) problems.push(`${calls} refresh calls instead of ${n}`);
};
const pagesOf = (jar, n) => Array.from({ length: n }, (_, i) => ({ path: ["/about", "/product", "/product/1", "/", "/api/things"][i % 5], jar, ...(i % 7 === 3 ? { method: "POST", body: `body ${i}` } : {}) }));
function together(replies, problems, stale) {
  const tokens = new Set();
  const refreshes = new Set();
  replies.forEach((r, i) => {
    const said = [];
    refreshedPage(stale)(r, said);
    problems.push(...said.map((x) => `request ${i + 1}: ${x}`));
    tokens.add(r.cookies[JWT]);
    refreshes.add(r.cookies[REFRESH]);
  });
  if (tokens.size !== 1 || refreshes.size !== 1) problems.push(`${tokens.size} different tokens, ${refreshes.size} different refresh tokens`);
}

await once("keys cannot be fetched again: valid tokens serve", async (problems) => {
  const s = await live();
  await send({ path: "/product", jar: s.jar });
  await lab("/fault", { mode: "drop", site: true, function: "nothing:atAll" });
  const at = async (when) => {
    const said = [];
    page(await send({ path: "/product", jar: s.jar }), said, { token: s.token });
    const open = await send({ path: "/about", jar: s.jar });
    page(open, said, { token: s.token });
    nothingLost(open, said);
    problems.push(...said.map((x) => `${when}: ${x}`));
  };
  await at("at once");
  await sleep(16_000); // the keys may be kept for 15 s, stale ones longer
  await at("16 s later");
  const due = await stale();
  const r = await send({ path: "/product", jar: due.jar });
  refreshedPage(due)(r, problems);
});
await once("20 requests of several tabs with one stale session: one refresh", async (problems) => {
  const s = await stale();
  await lab("/calls");
  await lab("/fault", { mode: "slow", ms: 300 });
  together(await Promise.all(pagesOf(s.jar, 20).map(send)), problems, s);
  countIs(1, await refreshCalls(), problems);
});
await once("the same without a slow deployment", async (problems) => {
  const s = await stale();
  await lab("/calls");
  together(await Promise.all(pagesOf(s.jar, 20).map(send)), problems, s);
  countIs(1, await refreshCalls(), problems);
});
await once("client refreshes and pages with one stale session: one refresh", async (problems) => {
  const s = await stale();
  await lab("/calls");
  await lab("/fault", { mode: "slow", ms: 300 });
  const [pages, clients] = await Promise.all([Promise.all(pagesOf(s.jar, 6).map(send)), Promise.all([1, 2, 3].map(() => send({ ...signIn({ refreshToken: "dummy" }), jar: s.jar })))]);
  together(pages, problems, s);
  for (const r of clients) {
    signedIn(r, problems);
    if (r.cookies[REFRESH] !== pages[0].cookies[REFRESH]) problems.push("a client refresh got other cookies than the pages");
  }
  countIs(1, await refreshCalls(), problems);
});
await once("a tab that comes 2 s later with the old cookies gets the new ones", async (problems) => {
  const s = await stale();
  await lab("/calls");
  const first = await send({ path: "/product", jar: s.jar });
  await sleep(2000);
  const late = await send({ path: "/product", jar: s.jar });
  together([first, late], problems, s);
  countIs(1, await refreshCalls(), problems);
});
await once("ten people at once: everybody gets their own session", async (problems) => {
  const all = await Promise.all(Array.from({ length: 10 }, stale));
  await lab("/calls");
  await lab("/fault", { mode: "slow", ms: 200 });
  const replies = await Promise.all(all.flatMap((s) => [0, 1].map(async () => ({ s, r: await send({ path: "/product", jar: s.jar }) }))));
  for (const { s, r } of replies) {
    refreshedPage(s)(r, problems);
    const sub = r.cookies[JWT] && payload(r.cookies[JWT]).sub;
    if (sub !== `${s.userId}|${s.sessionId}`) problems.push(`${s.userId} was given the session of ${sub}`);
  }
  countIs(10, await refreshCalls(), problems);
});
for (const [title, wait] of [["comes back at once", 60], ["comes back 1.5 s later", 1500]]) {
  await once(`a client hangs up in the middle of a slow refresh and ${title}`, async (problems) => {
    const s = await stale();
    await lab("/calls");
    await lab("/fault", { mode: "slow", ms: 500 });
    await send({ path: "/product", jar: s.jar, hangUp: 50 });
    await sleep(wait);
    const r = await send({ path: "/product", jar: s.jar });
    refreshedPage(s)(r, problems);
    countIs(1, await refreshCalls(), problems);
    // and the successor is the real one
    await lab("/fault", { mode: "none" });
    if (r.cookies[JWT]) page(await send({ path: "/product", jar: { ...s.jar, ...r.cookies } }), problems, { token: r.cookies[JWT] });
  });
}
await once("a client hangs up in the middle of a slow client refresh", async (problems) => {
  const s = await stale();
  await lab("/calls");
  await lab("/fault", { mode: "slow", ms: 500 });
  await send({ ...signIn({ refreshToken: "dummy" }), jar: s.jar, hangUp: 50 });
  await sleep(800);
  const r = await send({ path: "/product", jar: s.jar });
  refreshedPage(s)(r, problems);
  countIs(1, await refreshCalls(), problems);
});
await once("a fault is not remembered: 20 requests fail, the next one refreshes", async (problems) => {
  const s = await stale();
  await lab("/fault", { mode: "status", status: 503 });
  for (const r of await Promise.all(Array.from({ length: 20 }, () => send({ path: "/product", jar: s.jar })))) tryAgain(r, problems);
  await lab("/fault", { mode: "none" });
  refreshedPage(s)(await send({ path: "/product", jar: s.jar }), problems);
});
await once("a dead session is cleared once, with the rule's answer", async (problems) => {
  const s = await live({ issuedAgo: 3600, expIn: -5, refresh: "deleted", session: "deleted" });
  const r = await send({ path: "/product", jar: s.jar });
  if (r.status !== 307 || !/\/signin$/.test(r.headers.location ?? "")) problems.push(`${seenBy(r)} instead of 307 to /signin`);
  if (!r.gone.includes(JWT) || !r.gone.includes(REFRESH)) problems.push("the cookies of a dead session stay");
});

console.log(`faults: ${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
