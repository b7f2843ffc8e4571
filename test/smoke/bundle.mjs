// Bundles goldens.ts, over the built package: bundle.mjs [file to write]
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

const builtPackage = {
  name: "built-package",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.\/\.\.\/lib$/ }, () => ({ path: join(here, "..", ".."), external: true }));
  },
};

await build({
  entryPoints: [join(here, "goldens.ts")],
  outfile: process.argv[2],
  bundle: true,
  format: "cjs",
  platform: "node",
  define: { __dirname: JSON.stringify(join(here, "..", "helpers")) },
  plugins: [builtPackage],
  logLevel: "warning",
});
