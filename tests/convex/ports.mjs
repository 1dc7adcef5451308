// Prints the first base from BASE on, in steps of 20, where ten ports in a row are free.
import net from "node:net";

const free = (port) =>
  new Promise((ok) => {
    const server = net.createServer();
    server.once("error", () => ok(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => ok(true)));
  });
for (let base = Number(process.argv[2]); base + 10 < 32768; base += 20) {
  const all = await Promise.all(Array.from({ length: 10 }, (_, i) => free(base + i)));
  if (all.every(Boolean)) {
    console.log(base);
    process.exit(0);
  }
}
console.error("no ten free ports in a row");
process.exit(1);
