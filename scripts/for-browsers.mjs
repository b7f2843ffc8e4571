// What a bundle for browsers has in the place of modules that use Node. A module of Node's that is still there is an error.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Modules for Node, and their counterparts in lib/browser/. */
const counterparts = {
  "lib/checkpoint/crc32.ts": "crc32.ts",
  "lib/checkpoint/files.ts": "files.ts",
  "lib/mpi/environment.ts": "mpi-environment.ts",
  "lib/native/cores.ts": "cores.ts",
  "lib/info.ts": "info.ts",
  "lib/native/load.ts": "load.ts",
  "lib/step/pin.ts": "pin.ts",
  "lib/tfjs/core.ts": "tfjs-core.ts",
};
const replacements = new Map(
  Object.entries(counterparts).map(([node, browser]) => [join(root, node), join(root, "lib", "browser", browser)]),
);

const plugin = {
  name: "for-browsers",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const replacement = replacements.get(`${join(resolveDir, path)}.ts`);
      return replacement === undefined ? undefined : { path: replacement };
    });
  },
};

/** Options of esbuild. */
export const forBrowsers = {
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  plugins: [plugin],
  logLevel: "warning",
};
