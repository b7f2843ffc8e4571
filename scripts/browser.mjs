// Bundles the package for browsers: ES modules without any import but TensorFlow.js. browser.mjs [folder to write]
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { forBrowsers } from "./for-browsers.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

await build({
  ...forBrowsers,
  entryPoints: {
    index: join(root, "lib/index.ts"),
    mpi: join(root, "lib/mpi/index.ts"),
    tfjs: join(root, "lib/tfjs/index.ts"),
  },
  outdir: process.argv[2] ?? join(root, "dist", "browser"),
  outExtension: { ".js": ".mjs" },
  splitting: true,
  external: ["@tensorflow/tfjs-core"],
});
