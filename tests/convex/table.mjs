// Puts the replays' JSON results into one table. Last line: "MUST BETTER NOTE FAILED" in numbers.
//   node table.mjs APP_JSON=FILE…
import { readFileSync } from "node:fs";

const kinds = ["must", "better", "note"];
const total = Object.fromEntries(kinds.map((k) => [k, { ok: 0, all: 0 }]));
const rows = [["app", ...kinds]];
let failed = 0;
for (const given of process.argv.slice(2)) {
  const at = given.lastIndexOf("=");
  const { results } = JSON.parse(readFileSync(given.slice(at + 1)));
  const cells = kinds.map((k) => {
    const mine = results.filter((r) => r.stance === k);
    const ok = mine.filter((r) => r.ok).length;
    total[k].ok += ok;
    total[k].all += mine.length;
    return mine.length ? `${ok} of ${mine.length}` : "-";
  });
  rows.push([given.slice(0, at), ...cells]);
  for (const r of results) {
    if (r.ok) continue;
    if (r.stance !== "note") failed++;
    console.log(`${r.stance === "note" ? "differs" : "FAIL"}  ${r.id} [${r.stance}]`);
    for (const problem of r.problems) console.log(`        ${problem}`);
  }
}
rows.push(["all", ...kinds.map((k) => `${total[k].ok} of ${total[k].all}`)]);
const widths = rows[0].map((_, i) => Math.max(...rows.map((r) => r[i].length)));
for (const row of rows) console.log(row.map((cell, i) => cell.padEnd(widths[i])).join("   ").trimEnd());
console.log(`${total.must.ok} ${total.better.ok} ${total.note.ok} ${failed}`);
