// From a verdict that lets a request pass to the app behind, and back.

// Names that frame a message, steer a connection or say who asks; none travels from a client to the app. Compared as
// `loaded.stripped` is: everything but letters and digits counts as `-`, and `*` stands for the rest of a name.
const OWN = [
  "connection", "keep-alive", "proxy-*", "te", "transfer-encoding", "content-length", "trailer", "upgrade",
  "http2-settings", "expect", "host", "forwarded", "forwarded-for", "x-forwarded", "x-forwarded-*", "x-real-ip",
  "x-original-forwarded-for", "x-original-remote-addr", "x-host", "x-original-host", "x-http-host-override", "client-ip",
  "remote-addr", "true-client-ip", "x-client-ip", "x-cluster-client-ip", "x-originating-ip", "cluster-client-ip",
  "x-custom-ip-authorization", "x-proxyuser-ip", "x-true-ip", "x-remote-addr", "x-remote-ip", "wl-proxy-client-ip",
  "ali-cdn-real-ip", "cdn-src-ip", "cf-connecting-*", "cf-pseudo-ipv4", "fastly-client-*", "fly-client-ip",
  "x-appengine-user-ip", "x-azure-clientip", "x-azure-socketip", "x-envoy-external-address",
  "x-nf-client-connection-ip", "x-vercel-forwarded-*", "front-end-https", "x-arr-ssl", "x-scheme", "x-url-scheme",
];

const fold = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, "-");
const text = (bytes) => new TextDecoder().decode(bytes);

export class Forwarder {
  #exact = new Set();
  #prefixes = [];
  #origins;
  #clientHeader;

  constructor({ stripped, proxy }, env) {
    for (const name of [...OWN, ...stripped]) {
      if (name.endsWith("*")) this.#prefixes.push(fold(name.slice(0, -1)));
      else this.#exact.add(fold(name));
    }
    this.#origins = proxy.upstreams.map(({ url }) => new URL(url).origin);
    this.#clientHeader = env.CLIENT_ADDRESS_HEADER;
  }

  /** The client's address, if whoever runs the worker says which header tells it truly (`cf-connecting-ip`). */
  client(request) {
    return (this.#clientHeader && request.headers.get(this.#clientHeader)) || "0.0.0.0";
  }

  #travels(name) {
    const folded = fold(name);
    return !this.#exact.has(folded) && !this.#prefixes.some((start) => folded.startsWith(start));
  }

  async forward({ target, upstream, request: edits, cookie, response: back, status }, request, head, body) {
    const headers = new Headers([...request.headers].filter(([name]) => this.#travels(name)));
    headers.set("x-forwarded-for", head.client);
    headers.set("x-forwarded-host", head.authority);
    headers.set("x-forwarded-proto", head.scheme);
    edit(headers, edits);
    if (cookie?.length === 0) headers.delete("cookie");
    else if (cookie) headers.set("cookie", text(cookie));
    const websocket = request.headers.get("upgrade")?.toLowerCase() === "websocket";
    if (websocket) headers.set("upgrade", "websocket");

    const origin = this.#origins[upstream];
    const url = new URL(origin + target);
    // What was judged is what is sent: an address that reads in another way than it is written goes nowhere.
    if (url.href !== origin + target) throw new Error("the target does not survive the journey");
    const bodiless = request.method === "GET" || request.method === "HEAD";
    const sent = bodiless ? undefined : (body.held ?? request.body);
    let answer;
    try {
      answer = await fetch(url, { method: request.method, headers, body: sent, redirect: "manual" });
    } catch (error) {
      console.error(`${origin}: ${error.message ?? error}`);
      return new Response("the server behind does not answer\n", { status: 502, headers: { "cache-control": "no-store" } });
    }

    const lines = new Headers(answer.headers);
    edit(lines, back);
    return new Response(answer.body, { status: status ?? answer.status, headers: lines, webSocket: answer.webSocket });
  }
}

/** Cookies that are added stand in front of the app's own, which are newer. */
function edit(headers, edits) {
  const added = edits.some(({ tag, val }) => tag === "append" && val[0] === "set-cookie");
  let own = added ? headers.getSetCookie() : [];
  if (added) headers.delete("set-cookie");
  for (const { tag, val } of edits) {
    const name = tag === "remove" ? val : val[0];
    if (name === "set-cookie" && tag !== "append") own = [];
    if (tag === "remove") headers.delete(name);
    else headers[tag](name, text(val[1]));
  }
  for (const line of own) headers.append("set-cookie", line);
}
