// Which binary is loaded, and which never is: a damaged one, one of another package, anything in the working directory.
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { path as findBuilt } from "node-gyp-build";
import { exact } from "../lib/wasm/modules";
import { temporaryFolder } from "./helpers/folder";

const root = join(__dirname, "..");
const at = temporaryFolder();
const built = findBuilt(root);

/** Puts the package without a binary into a folder. */
function place(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of ["dist", "package.json"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  cpSync(join(root, "node_modules/node-gyp-build"), join(folder, "node_modules/node-gyp-build"), { recursive: true });
}

/** Plants a file for a binary in a folder, as node-gyp-build looks for it. */
function plant(folder: string, bytes: Uint8Array | string): string {
  mkdirSync(join(folder, "build/Release"), { recursive: true });
  const path = join(folder, "build/Release/adabelief.node");
  writeFileSync(path, bytes);
  return path;
}

const report = `
  try { console.log(require(process.env.PACKAGE).cpu.backend); }
  catch ({ code, message }) { console.log(code, message); }`;

function load(folder: string, { cwd = root, env = {}, code = report } = {}) {
  const planted = folder === root ? {} : { PREBUILDS_ONLY: "" }; // which lies in build/
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["--eval", code], {
    encoding: "utf8",
    cwd,
    env: { ...process.env, NODE_OPTIONS: "", ...planted, ADABELIEF_BACKEND: "native", PACKAGE: folder, ...env },
  });
  return { status, signal, stdout, stderr };
}

describe("a damaged binary", () => {
  const folder = at("damaged");
  const whole = readFileSync(built);
  beforeAll(() => place(folder));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const elf = process.platform === "linux" ? it : it.skip;
  elf.each([0, 3, 40, 64, 200, 1000, 5000, 100_000, whole.length >> 2, whole.length >> 1])(
    "cut short after %d bytes is ERR_NO_BINARY",
    (length) => {
      plant(folder, whole.subarray(0, length));
      const { status, signal, stdout } = load(folder);
      expect({ status, signal, stdout }).toEqual({
        status: 0,
        signal: null,
        stdout: expect.stringMatching(/^ERR_NO_BINARY/) as string,
      });
    },
  );

  elf("cut short is named, with both sizes", () => {
    const path = plant(folder, whole.subarray(0, 100_000));
    expect(load(folder).stdout).toContain(`${path} is cut short: it has 100000 bytes of `);
  });

  it("is taken where it is whole", () => {
    plant(folder, whole);
    expect(load(folder).stdout).not.toContain("ERR");
  });
});

describe("the advice", () => {
  const place2 = (name: string, plantIn: (folder: string) => void) => {
    place(at(name));
    plantIn(at(name));
    return load(at(name)).stdout;
  };
  const text = (bytes: Uint8Array | string) => (folder: string) => void plant(folder, bytes);
  const again = /^ERR_NO_BINARY .*It is damaged, or made for another platform: install adabelief again/;

  it.each<[string, (folder: string) => void]>([
    ["is empty", text("")],
    ["is a text", text("<html>404</html>")],
    ["is a folder", (folder) => void mkdirSync(join(folder, "build/Release/adabelief.node"), { recursive: true })],
    [
      "is a prebuilt folder",
      (folder) =>
        void mkdirSync(join(folder, "prebuilds", `${process.platform}-${process.arch}`, "adabelief.node"), { recursive: true }),
    ],
    ["is cut short", text(readFileSync(built).subarray(0, 100_000))],
  ])("for a binary that %s is to install again, not to build", (what, plantIn) => {
    const stdout = place2(`advice ${what}`, plantIn);
    expect(stdout).toMatch(again);
    expect(stdout).not.toContain("Build it from source");
  });

  it("for one that may not be read is to correct its permissions", () => {
    if (process.platform === "win32" || process.getuid?.() === 0) return; // nothing is forbidden to root
    const stdout = place2("advice unreadable", (folder) => {
      chmodSync(plant(folder, readFileSync(built)), 0);
    });
    expect(stdout).toMatch(/cannot be read: correct its permissions/);
  });

  it("for a package without a binary is to build it", () => {
    expect(place2("advice none", () => undefined)).toMatch(/^ERR_NO_BINARY .*Build it from source/);
  });

  it("for a package without node-gyp-build is to install again", () => {
    const stdout = place2("advice alone", (folder) => {
      rmSync(join(folder, "node_modules"), { recursive: true });
    });
    expect(stdout).toMatch(again);
  });
});

describe("a module that is another package's", () => {
  const folder = at("foreign");
  beforeAll(() => {
    place(folder);
    // Node takes a file of this name for a library. The extension's handler is replaced, so that the test needs no second addon.
    plant(folder, "");
  });

  it.each(["undefined", "null", "() => 1", "'text'", "{}", "{ lists: 3 }", "{ lists: '{}' }", "{ lists: 'no' }"])(
    "as %s is ERR_NO_BINARY",
    (value) => {
      const code = `require.extensions[".node"] = (module) => { module.exports = ${value}; }; ${report}`;
      const { status, stdout } = load(folder, { code });
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^ERR_NO_BINARY/) as string });
    },
  );
});

describe("the working directory", () => {
  const folder = at("package");
  const cwd = at("somewhere");
  const trap = `require("node:fs").writeFileSync(${JSON.stringify(at("sprung"))}, ""); module.exports = {};`;
  beforeAll(() => {
    place(folder);
    plant(cwd, readFileSync(built));
    mkdirSync(join(cwd, `prebuilds/${process.platform}-${process.arch}`), { recursive: true });
    cpSync(built, join(cwd, `prebuilds/${process.platform}-${process.arch}/adabelief.node`));
    for (const name of ["node-gyp-build", "adabelief", "@tensorflow/tfjs", "@tensorflow/tfjs-core"]) {
      mkdirSync(join(cwd, "node_modules", name), { recursive: true });
      writeFileSync(join(cwd, "node_modules", name, "package.json"), JSON.stringify({ name, main: "index.js" }));
      writeFileSync(join(cwd, "node_modules", name, "index.js"), trap);
    }
    writeFileSync(join(cwd, "package.json"), JSON.stringify({ name: "adabelief" }));
    for (const name of ["modules.js", "adabelief.node", "libcuda.so.1", "nvcuda.dll"]) writeFileSync(join(cwd, name), trap);
  });

  const variables: Record<string, string>[] = [
    {},
    { NODE_PATH: cwd },
    { NODE_PATH: join(cwd, "node_modules") },
    { ADABELIEF_PREBUILD: "." },
    { ADABELIEF_PREBUILD: ".", NODE_PATH: cwd },
    { ADABELIEF_PREBUILD: "build/Release" },
    { PREBUILDS_ONLY: "1" },
    { LIBC: "musl" },
    { npm_config_platform: "../.." },
  ];
  it.each(variables)("is not looked at for a binary: %j", (env) => {
    const { status, stdout } = load(folder, { cwd, env });
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^ERR_NO_BINARY/) as string });
  });

  it("is not looked at for TensorFlow.js", () => {
    const code = `try { require(process.env.PACKAGE + "/dist/lib/tfjs"); } catch ({ code }) { console.log(code); }`;
    const env = { ADABELIEF_BACKEND: exact === "" ? "native" : "wasm" };
    if (exact === "") plant(folder, readFileSync(built));
    expect(load(folder, { cwd, env, code }).stdout).toBe("ERR_NO_TFJS\n");
  });

  it("contains planted modules, and none of them ran", () => {
    expect(() => readFileSync(at("sprung"))).toThrow("ENOENT");
  });
});

describe("ADABELIEF_PREBUILD", () => {
  const folder = at("without");
  beforeAll(() => place(folder));

  it("names a folder by its absolute path", () => {
    plant(at("other"), readFileSync(built));
    expect(load(folder, { env: { ADABELIEF_PREBUILD: at("other") } }).stdout).not.toContain("ERR");
  });

  const odd: [string, () => string, RegExp][] = [
    ["a folder that is not there", () => at("nowhere"), /No native build/],
    ["a folder without a binary", () => at(), /No native build/],
    ["a relative path", () => "there", /must be an absolute path, got "there"/],
    ["a binary that is cut short", () => (plant(at("cut"), readFileSync(built).subarray(0, 100_000)), at("cut")), /cut short/],
    ["an empty file", () => (plant(at("empty"), ""), at("empty")), /file too short|not a valid|image/i],
  ];
  it.each(odd)("is said to be what is wrong: %s", (_, named, reason) => {
    const { stdout } = load(folder, { env: { ADABELIEF_PREBUILD: named() } });
    expect(stdout).toMatch(/^ERR_NO_BINARY .*ADABELIEF_PREBUILD says where it is looked for: correct it, or unset it/);
    expect(stdout).toMatch(reason);
    expect(stdout).not.toMatch(/Build it from source|install adabelief again/);
  });

  it("is refused as a relative path, by name", () => {
    expect(load(folder, { env: { ADABELIEF_PREBUILD: "there" } }).stdout).toContain(
      'ADABELIEF_PREBUILD must be an absolute path, got "there"',
    );
  });
});

describe("ADABELIEF_BACKEND and ADABELIEF_WASM", () => {
  const odd = ["WASM", "wasm ", "0", "__proto__", "wasm,native", "é"];
  const wasm = exact === "" ? it.skip : it;

  it.each(odd)("refuse %j, with a binary", (value) => {
    expect(load(root, { env: { ADABELIEF_BACKEND: value } }).stdout).toMatch(/^ERR_BACKEND/);
    expect(load(root, { env: { ADABELIEF_WASM: value } }).stdout).toMatch(/^ERR_BACKEND/);
  });

  const folder = at("alone");
  beforeAll(() => place(folder));

  wasm.each(odd)("refuse %j, without a binary", (value) => {
    expect(load(folder, { env: { ADABELIEF_BACKEND: value } }).stdout).toMatch(/^ERR_NO_BINARY/);
    expect(load(folder, { env: { ADABELIEF_BACKEND: "", ADABELIEF_WASM: value } }).stdout).toMatch(/^ERR_BACKEND/);
    expect(load(folder, { env: { ADABELIEF_BACKEND: "wasm", ADABELIEF_WASM: value } }).stdout).toMatch(/^ERR_BACKEND/);
  });

  wasm("choose the form of WebAssembly where no binary loads, too", () => {
    const code = `delete WebAssembly.Module; WebAssembly.validate = () => false; ${report}`;
    const { stdout } = load(folder, { env: { ADABELIEF_BACKEND: "", ADABELIEF_WASM: "relaxed" }, code });
    expect(stdout).toContain("no relaxed SIMD");
  });
});
