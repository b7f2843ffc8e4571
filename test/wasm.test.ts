// WebAssembly in the place of a binary: when it is chosen, what it says, and its bits.
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { exact, relaxed } from "../lib/wasm/modules";
import { temporaryFolder } from "./helpers/folder";
import { resultOf, runScript } from "./helpers/script";

const root = join(__dirname, "..");
const at = temporaryFolder();

const train = `
  const wave = (phase) => Float32Array.from({ length: 40000 }, (_, i) => Math.fround(((i * 7919 + phase) % 1000) / 500 - 1));
  const p = adabelief.parameter(wave(0), { grad: wave(3) });
  const optimizer = new adabelief.AdaBelief([p], { weight_decay: 0.01, weight_decouple: true });
  const reports = [optimizer.step(), optimizer.step({ maxGradNorm: 1 })];
  const bits = require("node:crypto").createHash("sha256").update(p.data).digest("hex");
  console.log(JSON.stringify({ backend: adabelief.cpu.backend, bits, reports }));`;

interface Trained {
  backend: string;
  bits: string;
  reports: object[];
}

const trainWith = (backend: string, env = {}) => resultOf(train, { env: { ADABELIEF_BACKEND: backend, ...env } }) as Trained;

/** A copy of the package with another binary: its folder. */
function packageWith(binary: string | null): string {
  const folder = at(binary === null ? "without" : "damaged");
  mkdirSync(folder);
  for (const name of ["dist", "package.json"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  cpSync(join(root, "node_modules/node-gyp-build"), join(folder, "node_modules/node-gyp-build"), { recursive: true });
  if (binary !== null) {
    mkdirSync(join(folder, "build/Release"), { recursive: true });
    writeFileSync(join(folder, "build/Release/adabelief.node"), binary);
  }
  return folder;
}

const load = (folder: string, env = {}, then = `console.log(adabelief.cpu.backend)`) =>
  runScript(`const adabelief = require(${JSON.stringify(folder)}); ${then}`, {
    preload: false,
    env: { ADABELIEF_BACKEND: "", PREBUILDS_ONLY: "", ...env }, // the damaged binary lies in build/
  });

if (exact === "") {
  process.stderr.write("\nSKIPPED, not passed: WebAssembly was not built, for lack of clang\n");
  it.skip("WebAssembly [not built]", () => undefined);
} else {
  describe("ADABELIEF_BACKEND", () => {
    it.each(["exact", ""])("=wasm has the bits of native code: form %j", (form) => {
      const native = trainWith("native");
      const wasm = trainWith("wasm", { ADABELIEF_WASM: form });
      expect(wasm.backend).toBe("wasm");
      expect(native.backend).not.toBe("wasm");
      expect({ ...wasm, backend: "" }).toEqual({ ...native, backend: "" });
    });

    it("=wasm warns of nothing, and info says what was loaded", () => {
      const { stdout, stderr } = runScript(`console.log(JSON.stringify(adabelief.info()))`, {
        env: { ADABELIEF_BACKEND: "wasm" },
      });
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toMatchObject({
        binary: { origin: "WebAssembly" },
        backends: [{ name: "wasm", supported: true }],
        threads: 1,
        cuda: { available: false, reason: expect.stringContaining("native binary") as string },
      });
    });

    it.each([
      ["wasm", "avx2", "ADABELIEF_BACKEND=native"],
      ["native", "wasm", "ADABELIEF_BACKEND=wasm"],
    ])("=%s cannot be changed to %s by an assignment", (loaded, wanted, variable) => {
      const code = `try { adabelief.cpu.backend = ${JSON.stringify(wanted)}; } catch ({ code, message }) { console.log(JSON.stringify({ code, message })); }`;
      expect(resultOf(code, { env: { ADABELIEF_BACKEND: loaded } })).toEqual({
        code: "ERR_BACKEND",
        message: expect.stringContaining(variable) as string,
      });
    });
  });

  describe.each([
    ["without a binary", null, "npx cmake-js compile"],
    ["with a damaged binary", "no library at all", "install adabelief again"],
  ])("a package %s", (_, binary, advice) => {
    let folder: string;
    beforeAll(() => (folder = packageWith(binary)));

    it("runs as WebAssembly, with one warning that says why and what to do", () => {
      const { status, stdout, stderr } = load(folder);
      expect({ status, stdout }).toEqual({ status: 0, stdout: "wasm\n" });
      expect(stderr.match(/ADABELIEF_WASM/g)).toHaveLength(1);
      expect(stderr).toContain("no binary that loads on");
      expect(stderr).toContain(advice);
      expect(stderr).toContain("ADABELIEF_BACKEND=wasm");
    });

    it.each(["native", "scalar"])("refuses WebAssembly where ADABELIEF_BACKEND is %s", (backend) => {
      const { status, stderr } = load(folder, { ADABELIEF_BACKEND: backend });
      expect(status).not.toBe(0);
      expect(stderr).toContain("ERR_NO_BINARY");
    });

    it("says both reasons where WebAssembly does not run either", () => {
      const { status, stderr } = runScript(`delete globalThis.WebAssembly; require(${JSON.stringify(folder)})`, {
        preload: false,
        env: { ADABELIEF_BACKEND: "", PREBUILDS_ONLY: "" },
      });
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/ERR_NO_BINARY/);
      expect(stderr).toContain("no binary that loads on");
      expect(stderr).toContain("this engine has no WebAssembly");
    });
  });

  describe("a WebAssembly module that is damaged", () => {
    it("is a coded error", () => {
      const folder = at("module");
      mkdirSync(folder);
      for (const name of ["dist", "package.json"]) cpSync(join(root, name), join(folder, name), { recursive: true });
      cpSync(join(root, "node_modules/node-gyp-build"), join(folder, "node_modules/node-gyp-build"), { recursive: true });
      writeFileSync(join(folder, "dist/lib/wasm/modules.js"), `exports.exact = "AGFzbQEAAAD/"; exports.relaxed = "";`);
      expect(existsSync(join(folder, "build"))).toBe(false);
      const { status, stderr } = load(folder, { ADABELIEF_BACKEND: "wasm" });
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/ERR_NO_BINARY/);
      expect(stderr).toContain("no WebAssembly SIMD, or the module is damaged");
    });
  });

  it("takes at most 700 kB, and 200 kB gzipped", () => {
    const bytes = [exact, relaxed].map((base64) => Buffer.from(base64, "base64"));
    const total = (sizes: number[]) => sizes.reduce((sum, size) => sum + size, 0);
    expect(total(bytes.map(({ length }) => length))).toBeLessThan(700_000);
    expect(total(bytes.map((one) => gzipSync(one, { level: 9 }).length))).toBeLessThan(200_000);
  });
}
