// Runs the smoke test on WebAssembly under UndefinedBehaviorSanitizer, both forms. The bits must be those of the plain build.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fail, isBuilt, root, run } from "./cross/build.mjs";

if (!isBuilt(join(root, "lib/wasm/modules.js"))) {
  console.log("SKIPPED, not built: WebAssembly");
  process.exit(0);
}
/** Of the engine that runs this: Node 20 has no relaxed SIMD. */
const forms = Number(process.versions.node.split(".")[0]) < 22 ? ["exact"] : ["exact", "relaxed"];
const folder = join(root, "build-wasm-sanitized", "package");
rmSync(folder, { recursive: true, force: true }); // nothing of sources that are gone
mkdirSync(folder, { recursive: true });
cpSync("package.json", join(folder, "package.json"));
cpSync("dist/lib", join(folder, "dist/lib"), { recursive: true });
const modules = join(folder, "dist/lib/wasm/modules.js");
run(process.execPath, "scripts/wasm.mjs", modules, "undefined", ...(forms.length === 1 ? forms : []));

const smoke = (form, ...package_) =>
  run("env", "ADABELIEF_BACKEND=wasm", `ADABELIEF_WASM=${form}`, process.execPath, "test/smoke/smoke.cjs", ...package_);
for (const form of forms) {
  if (smoke(form, folder) !== smoke(form)) fail(`Other bits under UndefinedBehaviorSanitizer: ${form}`);
  console.log(`WebAssembly under UndefinedBehaviorSanitizer: ${form}`);
}
