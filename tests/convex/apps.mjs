// Prints every distinct set of app options in the recordings, one JSON object a line.
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

const seen = new Set();
for (const at of process.argv.slice(2)) {
  const files = statSync(at).isDirectory() ? readdirSync(at).filter((n) => n.endsWith(".json")).map((n) => path.join(at, n)) : [at];
  for (const file of files) for (const s of JSON.parse(readFileSync(file)).scenarios) seen.add(JSON.stringify(s.app ?? {}));
}
console.log([...seen].sort((a, b) => a.length - b.length).join("\n"));
