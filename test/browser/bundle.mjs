// Bundles the tests' page: bundle.mjs [file to write]
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { forBrowsers } from "../../scripts/for-browsers.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const golden = join(here, "..", "golden");
const names = ["cases.json", "expected.safetensors", "inputs.safetensors"];
const recorded = Object.fromEntries(names.map((name) => [name, readFileSync(join(golden, name), "base64")]));

/** The recordings, which test/helpers/golden.ts reads from files. */
const contents = `
  const files = ${JSON.stringify(recorded)};
  const bytesOf = (name) => Uint8Array.from(atob(files[name]), (letter) => letter.charCodeAt(0));
  export const readFileSync = (name, encoding) => encoding ? new TextDecoder().decode(bytesOf(name)) : bytesOf(name);
  export const join = (...parts) => parts.at(-1);`;

const recordings = {
  name: "recordings",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:(fs|path)$/ }, () => ({ path: "recordings", namespace: "recordings" }));
    onLoad({ filter: /.*/, namespace: "recordings" }, () => ({ contents, loader: "js" }));
  },
};

await build({
  ...forBrowsers,
  entryPoints: [join(here, "page.ts")],
  outfile: process.argv[2],
  define: { ...forBrowsers.define, __dirname: '""' },
  plugins: [...forBrowsers.plugins, recordings],
});
