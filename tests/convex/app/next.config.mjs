// The rig keeps every dependency one level up.
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export default {
  outputFileTracingRoot: root,
  turbopack: { root },
  experimental: { cpus: 1 },
};
