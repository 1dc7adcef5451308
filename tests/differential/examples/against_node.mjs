// Compares lines of `against_node` on stdin with Node's RegExp and with path-to-regexp 6.3.0, which must be installed
// in the current folder (npm install path-to-regexp@6.3.0).
//
// Run with `node --no-regexp-optimization`: the optimised code of Node 20 is wrong about a few look-aheads. Three times
// /\/(?:\/((?:(?=.))(?:\/(?:(?=.)))*))\/API(?=[\/#\?]|[]|$)/.exec("////API").index is 0, 1, 1 there.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { parse, tokensToRegexp } = createRequire(process.cwd() + "/")("path-to-regexp");

const codes = [
  [/^Missing parameter name at (\d+)/, "missing-name"],
  [/^Pattern cannot start with "\?" at (\d+)/, "group-starts-with-question"],
  [/^Capturing groups are not allowed at (\d+)/, "capturing-group"],
  [/^Unbalanced pattern at (\d+)/, "unbalanced-group"],
  [/^Missing pattern at (\d+)/, "empty-group"],
  [/^Unexpected \w+ at (\d+)/, "unexpected-token"],
  [/^Must have text between two parameters/, "adjacent-params"],
  [/^Can not repeat/, "repeat-without-prefix"],
];

function fault(error) {
  if (error instanceof SyntaxError) return { c: "invalid-regexp" };
  for (const [message, c] of codes) {
    const found = message.exec(error.message);
    if (found) return { c, at: found[1] === undefined ? null : Number(found[1]) };
  }
  throw error;
}

/// What Node makes of the line: an expression, with its keys if it is a route pattern.
function compile(line) {
  const flags = line.f + "d";
  if (line.p === undefined) return { regexp: new RegExp(line.re, flags) };
  const keys = [];
  const regexp = tokensToRegexp(parse(line.p, line.o), keys, { ...line.o, sensitive: true });
  return { regexp: new RegExp(regexp.source, flags), keys: keys.map((key) => String(key.name)) };
}

const plain = (source) => source.replaceAll("\\/", "/");
let patterns = 0, pairs = 0, matches = 0, refused = 0, wrong = 0;

function check(same, line, what) {
  if (same) return;
  wrong += 1;
  if (wrong <= 20) console.log("DIFFERS", JSON.stringify(what), JSON.stringify({ ...line, t: undefined }));
}

for await (const text of createInterface({ input: process.stdin })) {
  const line = JSON.parse(text);
  patterns += 1;
  let made;
  try {
    made = compile(line);
  } catch (error) {
    refused += 1;
    const { c, at } = fault(error);
    check(line.err?.c === c && (at ?? null) === (line.err.at ?? null), line, { c, at });
    continue;
  }
  check(line.err === undefined, line, "taken by Node");
  if (line.err !== undefined) continue;
  if (made.keys) {
    // `source` escapes line ends, too.
    const source = new RegExp(line.re).source;
    check(plain(made.regexp.source) === plain(source), line, made.regexp.source);
    check(JSON.stringify(made.keys) === JSON.stringify(line.keys), line, made.keys);
  }
  for (const [text, expected] of line.t) {
    pairs += 1;
    const found = made.regexp.exec(text);
    matches += found !== null;
    const indices = found === null ? null : [...found.indices].map((pair) => pair ?? null);
    check(JSON.stringify(indices) === JSON.stringify(expected), line, [text, indices, expected]);
  }
}
console.log(`${patterns} patterns, ${refused} refused, ${pairs} pairs, ${matches} match, ${wrong} differ`);
process.exit(wrong === 0 ? 0 : 1);
