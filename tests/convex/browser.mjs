// A person with a real browser in front of the guide's Next.js application.
//   node browser.mjs --app http://localhost:PORT --lab http://127.0.0.1:PORT --shots FOLDER [--name NAME] [--original]
// --original: the application runs its own middleware and no gate stands in front; what
// then goes otherwise is written as "differs" and never fails.
// Needs puppeteer-core beside the rig's packages (NODE_MODULES_FROM names that folder).
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values: opt } = parseArgs({
  options: { app: { type: "string" }, lab: { type: "string" }, shots: { type: "string" }, name: { type: "string", default: "gate" }, original: { type: "boolean", default: false }, quiet: { type: "boolean", default: false } },
});
const from = createRequire(path.join(process.env.NODE_MODULES_FROM ?? process.cwd(), "package.json"));
const { default: puppeteer } = await import(pathToFileURL(from.resolve("puppeteer-core")).href);

const app = new URL(opt.app).origin;
const shots = opt.shots;
mkdirSync(shots, { recursive: true });
const sleep = (ms) => new Promise((ok) => setTimeout(ok, ms));
async function lab(what, arg) {
  const res = await fetch(`${opt.lab}${what}`, { method: "POST", body: JSON.stringify(arg ?? {}) });
  if (!res.ok) throw new Error(`${what}: ${await res.text()}`);
  return await res.json();
}

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"],
  defaultViewport: { width: 900, height: 640 },
});

const JWT = "__convexAuthJWT";
const REFRESH = "__convexAuthRefreshToken";
let context;
let page;
let log = [];
let ahead = 0; // prefetches answered with a page
let pending = new Set();
let lastActivity = Date.now();
let complaints = [];

// One line for each answered request: what kind of request Next's client made, the
// status, where a redirect went, and which of the session's cookies changed.
function describe(response) {
  const request = response.request();
  const url = new URL(request.url());
  const own = url.origin === app;
  if (url.pathname.startsWith("/_next/") || url.pathname === "/favicon.ico") return null;
  const h = request.headers();
  const a = response.headers();
  const kind = h["next-action"] ? "action" : h["next-router-prefetch"] || h["next-router-segment-prefetch"] ? "prefetch" : h.rsc ? "rsc" : request.isNavigationRequest() ? "page" : request.resourceType();
  const changed = (a["set-cookie"] ?? "")
    .split("\n")
    .filter((line) => /__convexAuth(JWT|RefreshToken|OAuthVerifier)=/.test(line))
    .map((line) => (/^[^=]+=;/.test(line) ? "-" : "+") + /__convexAuth(JWT|RefreshToken|OAuthVerifier)/.exec(line)[1]);
  const query = url.search.replace(/([?&])_rsc=[^&]*/, "$1_rsc").replace(/code=[^&]*/g, "code=…");
  const to = a.location ? ` -> ${a.location.replace(app, "").replace(/code=[^&]*/g, "code=…").slice(0, 100)}` : "";
  const extra = a["x-action-redirect"] ? ` x-action-redirect ${a["x-action-redirect"]}` : "";
  return `${request.method()} ${own ? "" : url.origin}${url.pathname}${query} [${kind}] ${response.status()}${to}${extra}${changed.length ? ` cookies ${changed.join(" ")}` : ""}`;
}
async function fresh() {
  await context?.close();
  context = await browser.createBrowserContext();
  page = await context.newPage();
  pending = new Set();
  page.on("request", (r) => {
    pending.add(r);
    lastActivity = Date.now();
  });
  const done = (r) => {
    pending.delete(r);
    lastActivity = Date.now();
  };
  page.on("requestfinished", done);
  page.on("requestfailed", (r) => {
    done(r);
    const reason = r.failure()?.errorText;
    const url = new URL(r.url());
    // Next's client drops what it no longer needs
    if (!url.pathname.startsWith("/_next/") && reason !== "net::ERR_ABORTED") log.push(`${r.method()} ${url.pathname} failed: ${reason}`);
  });
  page.on("response", (r) => {
    lastActivity = Date.now();
    const line = describe(r);
    if (line === null) return;
    if (/ \[(prefetch|fetch)\] 200$/.test(line) && line.startsWith("GET")) ahead++;
    else if (!/ \[prefetch\]/.test(line) || !log.includes(line.replace(/_rsc=.*/, "_rsc"))) log.push(line.replace(/_rsc=.*/, "_rsc"));
  });
  page.on("framenavigated", (f) => {
    if (f === page.mainFrame()) for (const r of pending) if (!r.isNavigationRequest()) pending.delete(r); // gone with the page
    const line = `  address: ${f.url().replace(app, "").replace(/code=[^&]*/g, "code=…")}`;
    if (f === page.mainFrame() && log.at(-1) !== line) log.push(line);
  });
  page.on("pageerror", (e) => complaints.push(`page error: ${e.message.split("\n")[0]}`));
  page.on("console", (m) => {
    if (m.type() === "error" && !/WebSocket connection/.test(m.text()) && !/favicon/.test(m.location()?.url ?? "")) complaints.push(`console: ${m.text().split("\n")[0]}`);
  });
}
// quiet for this long, or a page that never comes to rest
async function settle(quiet = 800, limit = 15_000) {
  const end = Date.now() + limit;
  lastActivity = Date.now();
  while (Date.now() < end) {
    await sleep(50);
    if (pending.size === 0 && Date.now() - lastActivity > quiet) return true;
  }
  log.push(`  does not come to rest: ${[...pending].map((r) => `${r.method()} ${r.url().replace(app, "")}`).join(", ").slice(0, 300)}`);
  return false;
}
const where = () => page.url().replace(app, "");
const shown = async (selector) => await page.$eval(selector, (e) => e.textContent).catch(() => null);
async function cookies() {
  const found = await context.cookies();
  return Object.fromEntries(found.filter((c) => c.name.startsWith("__")).map((c) => [c.name, c]));
}
async function go(to) {
  await page.goto(app + to, { waitUntil: "load", timeout: 30_000 });
  await settle();
}
async function click(selector) {
  await page.waitForSelector(selector, { timeout: 10_000 });
  await page.$eval(selector, (e) => e.click());
  await settle();
}
async function fillIn(email, password) {
  await page.type("form input[name=email]", email);
  await page.type("input[name=password]", password);
}
async function give(session) {
  await context.setCookie(
    ...[[JWT, session.token], [REFRESH, encodeURIComponent(session.refreshToken)]].map(([name, value]) => ({ name, value, domain: new URL(app).hostname, path: "/", httpOnly: true, sameSite: "Lax" })),
  );
}

let failed = 0;
let passed = 0;
let wished = 0;
let number = 0;
const report = [];
async function step(title, work) {
  log = [];
  ahead = 0;
  complaints = [];
  const began = Date.now();
  const problems = [];
  const wishes = [];
  const check = (ok, what) => {
    if (!ok) problems.push(what);
  };
  check.wish = (ok, what) => {
    if (!ok) wishes.push(what);
  };
  try {
    await work(check);
  } catch (error) {
    problems.push(`could not go on: ${error.message.split("\n")[0]}`);
  }
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  const file = `${opt.name}-${String(++number).padStart(2, "0")}-${title.replace(/[^a-z0-9]+/gi, "-").toLowerCase()}.png`;
  const at = where();
  await page.screenshot({ path: path.join(shots, file) }).catch(() => {});
  const heading = await shown("h1");
  const jar = Object.keys(await cookies().catch(() => ({}))).map((n) => n.replace("__convexAuth", ""));
  const verdict = problems.length ? (opt.original ? "differs" : "FAIL") : wishes.length ? "wish" : "ok";
  wished += wishes.length;
  if (problems.length === 0) passed++;
  else failed++;
  console.log(`${verdict.padEnd(8)}${title}`);
  if (!opt.quiet || problems.length) {
    console.log(`          at ${at}, heading ${JSON.stringify(heading)}, cookies ${jar.join(" ") || "none"}, ${seconds} s`);
    for (const line of log) console.log(`          ${line}`);
    if (ahead) console.log(`          (${ahead} prefetches answered with 200)`);
    for (const line of new Set(complaints)) console.log(`          ! ${line.slice(0, 200)}`);
  }
  for (const p of problems) console.log(`        * ${p}`);
  for (const p of wishes) console.log(`        ~ ${p}`);
  report.push({ title, verdict, problems, wishes, address: at, heading, cookies: jar, requests: [...log], complaints: [...complaints], screenshot: file });
}

// After a sign-in or sign-out the page only runs a server action. The original answers
// it with a 307 that fetch follows: the right page, but still the old address.
async function atProduct(check, address = check) {
  address(where() === "/product", `the address is ${where()}, not /product`);
  check((await shown("h1#product")) !== null, `the heading is ${JSON.stringify(await shown("h1"))}, not the product page's`);
  check(/\|/.test((await shown("#subject")) ?? ""), `no subject on the page: ${await shown("#subject")}`);
}
async function atSignIn(check, address = check) {
  address(/^\/signin(\?|$)/.test(where()), `the address is ${where()}, not /signin`);
  check((await shown("h1#signin")) !== null, `the heading is ${JSON.stringify(await shown("h1"))}, not the sign-in page's`);
}
async function signedOut(check) {
  const c = await cookies();
  check(c[JWT] === undefined && c[REFRESH] === undefined, "session cookies are still there");
}

await lab("/reset");
await fresh();

await step("signed out: /product leads to /signin", async (check) => {
  await go("/product");
  await atSignIn(check);
  await signedOut(check);
});
await step("signed out: home with prefetching links", async (check) => {
  await go("/");
  check(where() === "/", `the address is ${where()}`);
  check((await shown("#server-state")) === "signed out", "the server does not say signed out");
  check((await shown("#client-state")) === "signed out", `the client says ${await shown("#client-state")}`);
  await page.hover("#to-product");
  await settle();
});
await step("signed out: click on the prefetched product link", async (check) => {
  await click("#to-product");
  await atSignIn(check);
});
await step("signed out: click on an unprefetched product link", async (check) => {
  await go("/?prefetch=off");
  await click("#to-product");
  await atSignIn(check);
});
await step("sign up on /signin", async (check) => {
  await go("/signin");
  await click("#toggle");
  await fillIn("ada@example.test", "correct horse battery");
  await click("#submit");
  const c = await cookies();
  check(c[JWT]?.httpOnly === true && c[REFRESH]?.httpOnly === true, "the session cookies are missing or readable by scripts");
  check((await shown("#error")) === null || (await shown("#error")) === "", `the page shows an error: ${await shown("#error")}`);
  await atProduct(check, check.wish);
});
await step("reload after sign-up", async (check) => {
  await go("/product");
  await page.reload({ waitUntil: "load" });
  await settle();
  await atProduct(check);
  check((await shown("#client-state")) === "signed in", `the client says ${await shown("#client-state")}`);
});
await step("soft navigation: home, then product by links", async (check) => {
  await click("#to-home");
  check(where() === "/" && (await shown("#server-state")) === "signed in", `at ${where()}, the server says ${await shown("#server-state")}`);
  await click("#to-product");
  await atProduct(check);
  await click("#to-details");
  check(where() === "/product/details" && (await shown("h1#details")) !== null, `the address is ${where()}`);
});
await step("signed in: the sign-in page leads to /product", async (check) => {
  await go("/signin");
  await atProduct(check);
});
await step("signed in: click on the sign-in link leads to /product", async (check) => {
  await go("/");
  await click("#to-signin");
  await atProduct(check);
});
await step("the client's own refresh", async (check) => {
  const before = await cookies();
  await go("/product");
  await sleep(1100);
  await click("#refresh");
  check((await shown("#refresh-outcome")) === "refreshed", `the page says ${await shown("#refresh-outcome")}`);
  const after = await cookies();
  check(before[REFRESH]?.value !== after[REFRESH]?.value && before[JWT]?.value !== after[JWT]?.value, "the cookies did not change");
});
await step("sign out on /product", async (check) => {
  await go("/product");
  await click("#sign-out");
  await signedOut(check);
  await atSignIn(check, check.wish);
});
await step("signed out: /product leads to /signin again", async (check) => {
  await go("/product");
  await atSignIn(check);
});
await step("wrong password shows an error and the page stays", async (check) => {
  await go("/signin");
  await fillIn("ada@example.test", "wrong horse battery");
  await click("#submit");
  await atSignIn(check);
  check(/InvalidSecret|Server Error/.test((await shown("#error")) ?? ""), `the page shows ${JSON.stringify(await shown("#error"))}`);
  await signedOut(check);
});
await step("sign in again", async (check) => {
  await go("/signin");
  await fillIn("ada@example.test", "correct horse battery");
  await click("#submit");
  await atProduct(check, check.wish);
});
await step("sign in, then reload where that left us", async (check) => {
  await page.reload({ waitUntil: "load" });
  await settle();
  await atProduct(check);
});
await step("sign out on the home page", async (check) => {
  await go("/");
  await click("#sign-out");
  await signedOut(check);
  check(where() === "/" && (await shown("#server-state")) === "signed out", `at ${where()}, the server says ${await shown("#server-state")}`);
  await click("#to-product");
  await atSignIn(check);
});
await step("sign in with a page that pushes /product itself", async (check) => {
  await go("/signin?push");
  await fillIn("ada@example.test", "correct horse battery");
  await click("#submit");
  await atProduct(check);
});

await fresh();
await step("a token of 3 s runs out, then reload", async (check) => {
  await go("/about");
  const session = await lab("/session", { issuedAgo: 57, expIn: 20 });
  await give(session);
  await go("/product");
  await atProduct(check);
  const short = await lab("/jwt", { claims: { sub: `${session.userId}|${session.sessionId}` }, expIn: 3 });
  const before = await cookies();
  await context.setCookie({ ...before[JWT], value: short.token });
  await sleep(5000);
  await page.reload({ waitUntil: "load" });
  await settle();
  await atProduct(check);
  const after = await cookies();
  check(after[JWT] !== undefined && after[JWT].value !== short.token, "the access token did not change");
  check(after[REFRESH] !== undefined && after[REFRESH].value !== before[REFRESH].value, "the refresh token did not change");
});
await step("a stale token, then a link (soft navigation)", async (check) => {
  await go("/");
  const before = await cookies();
  const sub = await lab("/session", { expIn: -5, issuedAgo: 3600 });
  await give(sub);
  await click("#to-about");
  await click("#to-product");
  await atProduct(check);
  const after = await cookies();
  check(after[JWT] !== undefined && after[JWT].value !== sub.token && after[JWT].value !== before[JWT]?.value, "the access token did not change");
});
await step("a stale token, three tabs at once", async (check) => {
  const stale = await lab("/session", { expIn: -5, issuedAgo: 3600 });
  await give(stale);
  await lab("/calls");
  const tabs = await Promise.all([1, 2, 3].map(() => context.newPage()));
  await Promise.all(tabs.map((t) => t.goto(`${app}/product`, { waitUntil: "load" })));
  for (const t of tabs) check(new URL(t.url()).pathname === "/product", `a tab is at ${new URL(t.url()).pathname}`);
  await sleep(500);
  const calls = (await lab("/calls")).filter((c) => c.args?.refreshToken !== undefined);
  check(calls.length === 1, `${calls.length} refresh calls instead of 1`);
  for (const t of tabs) await t.close();
  await page.bringToFront();
  await go("/product");
  await atProduct(check);
});
await step("a dead session on /product leads to /signin", async (check) => {
  const dead = await lab("/session", { expIn: -5, issuedAgo: 3600, refresh: "deleted", session: "deleted" });
  await give(dead);
  await go("/product");
  await atSignIn(check);
  await signedOut(check);
});

await fresh();
await step("OAuth round trip", async (check) => {
  await go("/signin");
  await click("#fakehub");
  await settle();
  await atProduct(check);
  check((await cookies()).__convexAuthOAuthVerifier === undefined, "the verifier cookie is still there");
});
await fresh();
await step("OAuth refused by the person", async (check) => {
  await lab("/oauth", { deny: true });
  await go("/signin");
  await click("#fakehub");
  await settle();
  await lab("/oauth", { deny: false });
  await signedOut(check);
  check((await shown("h1")) !== null && page.url().startsWith(app), `at ${page.url()}, heading ${await shown("h1")}`);
});
await fresh();
let link;
await step("ask for a magic link", async (check) => {
  await go("/signin");
  await page.type("#magic-email", "grace@example.test");
  await click("#magic");
  await atSignIn(check);
  const mail = (await lab("/mail")).filter((m) => m.kind === "magic").at(-1);
  check(mail !== undefined, "no mail was sent");
  link = mail?.url;
  check(link?.startsWith(app), `the link leads to ${link && new URL(link).origin}`);
});
await step("open the magic link", async (check) => {
  await page.goto(link, { waitUntil: "load" });
  await settle();
  await atProduct(check);
});
await step("open the used magic link again", async (check) => {
  await page.goto(link, { waitUntil: "load" });
  await settle();
  // nobody is signed out by it; the gate hands a code that is of no use on to the app
  check(/^\/product(\?code=[^&]*)?$/.test(where()), `the address is ${where()}, not /product`);
  check(/\|/.test((await shown("#subject")) ?? ""), `no subject on the page: ${await shown("#subject")}`);
});
await step("sign out at the end", async (check) => {
  await give(await lab("/session"));
  await go("/product");
  await click("#sign-out");
  await signedOut(check);
  await atSignIn(check, check.wish);
});
await step("back after signing out shows nothing of the session", async (check) => {
  await page.goBack({ waitUntil: "load" }).catch(() => {});
  await settle();
  check.wish(!/_rsc/.test(where()), `the address is ${where().replace(/_rsc=.*/, "_rsc=…")}`);
  check((await shown("#subject")) === null, `the page still shows the subject ${await shown("#subject")}`);
});

writeFileSync(path.join(shots, `${opt.name}.json`), `${JSON.stringify(report, null, 1)}\n`);
await browser.close();
console.log(`browser (${opt.name}): ${passed} steps ok, ${failed} ${opt.original ? "differ" : "failed"}, ${wished} wishes`);
process.exitCode = failed && !opt.original ? 1 : 0;
