// Reads cargo's messages and prints the path of the program `portcullis`.
import { createInterface } from "node:readline";

let found;
for await (const line of createInterface({ input: process.stdin })) {
  if (!line.startsWith("{")) continue;
  const message = JSON.parse(line);
  if (message.reason === "compiler-artifact" && message.target?.name === "portcullis" && message.executable) found = message.executable;
}
if (!found) process.exit(1);
console.log(found);
