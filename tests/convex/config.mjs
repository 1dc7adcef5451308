// The guide's app as a config of the gate:
//   node config.mjs LISTEN UPSTREAM CLOUD SITE [APP_JSON]     (four ports)
// APP_JSON: the options that a recording's app ran with, {"cookieMaxAge": SECONDS, "ignoreCode": "/prefix"}.
// CONVEX_CONFIG_EXTRA is added to [session.convex] as it is.
const [listen, upstream, cloud, site, json = "{}"] = process.argv.slice(2);
const app = JSON.parse(json);
const unknown = Object.keys(app).filter((k) => !["cookieMaxAge", "ignoreCode"].includes(k));
if (unknown.length) {
  console.error(`tests/convex: no key of the config is known for the app's ${unknown.join(", ")}`);
  process.exit(1);
}
const quote = JSON.stringify;
const session = [];
if (app.cookieMaxAge) {
  const seconds = Number(app.cookieMaxAge);
  session.push(`max-age = ${quote(seconds % 86400 === 0 ? `${seconds / 86400}d` : `${seconds}s`)}`);
}
if (app.ignoreCode) session.push(`code-paths = [${quote(`/((?!${app.ignoreCode.replace(/^\//, "")}).*)`)}]`);
if (process.env.CONVEX_CONFIG_EXTRA) session.push(process.env.CONVEX_CONFIG_EXTRA);
console.log(`version = 1
presets = ["nextjs", "convex"]
default = "public"

[proxy]
listen = "127.0.0.1:${listen}"
upstream = "http://127.0.0.1:${upstream}"
trusted-proxies = ["127.0.0.1/32"]

[next]
matcher = ["/((?!.*\\\\..*|_next).*)", "/", "/(api|trpc)(.*)"]

[sign-in]
path = "/signin"
after = "/product"

[session.convex]
kind = "convex-auth"
convex-url = "http://127.0.0.1:${cloud}"
site-url = "http://127.0.0.1:${site}"
trust-host = true
${session.map((line) => `${line}\n`).join("")}
[[route]]
id = "product"
pattern = "/product(.*)"
require = "session"`);
