// A bundle with the package inside finds the binary of the package of its own version around it, in every layout of node_modules.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { path as findBuilt } from "node-gyp-build";
import { version } from "../lib/version";
import { temporaryFolder } from "./helpers/folder";

const root = join(__dirname, "..");
const at = temporaryFolder();
const prebuilt = join("prebuilds", `${process.platform}-${process.arch}`, "adabelief.node");
const program = `console.log(require(${JSON.stringify(join(root, "dist/lib/index.js"))}).info().binary.path);`;

beforeAll(() => {
  const options = { bundle: true, platform: "node", outfile: at("main.cjs"), logLevel: "error" } as const;
  buildSync({ stdin: { contents: program, resolveDir: root }, ...options });
});

/** An app whose bundle lies in dist/. */
function makeApp(name: string): { bundle: string; app: string } {
  const bundle = at(name, "dist", "main.cjs");
  mkdirSync(at(name, "dist"), { recursive: true });
  cpSync(at("main.cjs"), bundle);
  return { bundle, app: realpathSync(at(name)) };
}

function placeBinary(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  cpSync(findBuilt(root), path);
  return path;
}

/** A package without node-gyp-build beside it, as only the package itself finds that in strict layouts. */
function placePackage(folder: string, way = prebuilt, release = version): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "adabelief", version: release }));
  return placeBinary(join(folder, way));
}

function run(bundle: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", ADABELIEF_BACKEND: "native", ...env },
  });
  return { status, stdout: stdout.trim(), stderr };
}
const loads = (path: string) => ({ status: 0, stdout: path, stderr: "" });

describe("a bundle takes the binary", () => {
  it.each([[prebuilt], [join("build", "Release", "adabelief.node")]])("of node_modules/adabelief: %s", (way) => {
    const { bundle, app } = makeApp(`flat ${way.length}`);
    const path = placePackage(join(app, "node_modules/adabelief"), way);
    expect(run(bundle)).toEqual(loads(path));
  });

  const onPosix = process.platform === "win32" ? it.skip : it;
  onPosix("of pnpm's layout, where node_modules/adabelief is a link", () => {
    const { bundle, app } = makeApp("pnpm");
    placePackage(join(app, `node_modules/.pnpm/adabelief@${version}/node_modules/adabelief`));
    symlinkSync(`.pnpm/adabelief@${version}/node_modules/adabelief`, join(app, "node_modules/adabelief"));
    expect(run(bundle)).toEqual(loads(join(app, "node_modules/adabelief", prebuilt)));
  });

  it("of this version, past a package of another", () => {
    const { bundle, app } = makeApp("two");
    placePackage(join(app, "dist/node_modules/adabelief"), prebuilt, "0.0.0");
    const path = placePackage(join(app, "node_modules/adabelief"));
    expect(run(bundle)).toEqual(loads(path));
  });

  it("beside itself first", () => {
    const { bundle, app } = makeApp("beside");
    placePackage(join(app, "node_modules/adabelief"));
    const path = placeBinary(join(app, "dist", prebuilt));
    expect(run(bundle)).toEqual(loads(path));
  });

  it.each([[prebuilt], [join("build", "Release", "adabelief.node")], ["adabelief.node"]])(
    "of the folder that ADABELIEF_PREBUILD names: %s",
    (way) => {
      const { bundle } = makeApp(`named ${way.length}`);
      const path = placeBinary(at(`elsewhere ${way.length}`, way));
      expect(run(bundle, { ADABELIEF_PREBUILD: at(`elsewhere ${way.length}`) })).toEqual(loads(path));
    },
  );
});

describe("a bundle without a binary", () => {
  it("says that it is a bundle, and what to copy", () => {
    const { bundle } = makeApp("none");
    const { status, stderr } = run(bundle);
    expect(status).toBe(1);
    expect(stderr).toContain("This is a bundle, and the binary is not beside it: copy node_modules/adabelief/prebuilds to");
    expect(stderr).not.toContain("Build it from source");
  });

  it("with a damaged one says to copy it again", () => {
    const { bundle, app } = makeApp("damaged");
    writeFileSync(placeBinary(join(app, "dist", prebuilt)), "");
    const { stderr } = run(bundle);
    expect(stderr).toMatch(/It is damaged.*copy node_modules\/adabelief\/prebuilds to .*dist again/);
    expect(stderr).not.toContain("Build it from source");
  });

  it("with ADABELIEF_PREBUILD says that the variable is wrong", () => {
    const { bundle } = makeApp("wrong");
    const { stderr } = run(bundle, { ADABELIEF_PREBUILD: at("nowhere") });
    expect(stderr).toContain("ADABELIEF_PREBUILD says where it is looked for: correct it, or unset it");
  });
});
