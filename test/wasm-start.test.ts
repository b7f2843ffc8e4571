// Where WebAssembly cannot start: engines without it, without SIMD or without memory for it, and modules that are damaged.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as modules from "../lib/wasm/modules";
import { temporaryFolder } from "./helpers/folder";
import { itOnPosix } from "./helpers/posix";
import { resultOf } from "./helpers/script";

const root = join(__dirname, "..");
const at = temporaryFolder();
const env = { ADABELIEF_BACKEND: "wasm", ADABELIEF_WASM: "" };

/** Loads a package as WebAssembly: the code and the message of what it throws, or the name of its backend. */
const loading = (folder: string) => `
  let found;
  try { found = { backend: require(${JSON.stringify(folder)}).cpu.backend }; }
  catch ({ code, message }) { found = { code, message }; }
  console.log(JSON.stringify(found));`;
const refusal = (text: string) => ({ code: "ERR_NO_BINARY", message: expect.stringContaining(text) as string });

const wasm = modules.exact === "" ? describe.skip : describe;
const onX64 = process.arch === "x64" ? it : it.skip;

wasm("an engine", () => {
  const load = (flags: string[], before = "") => resultOf(before + loading(root), { flags, env, preload: false });

  it("without WebAssembly is a coded error", () => {
    expect(load(["--jitless"])).toEqual(refusal("this engine has no WebAssembly"));
  });

  onX64("without SIMD is a coded error", () => {
    expect(load(["--no-enable-sse4-1"])).toEqual(refusal("no WebAssembly SIMD"));
  });

  it("that fails to compile a valid module is a coded error with the reason", () => {
    const before = `WebAssembly.Module = function () { throw new WebAssembly.CompileError("too large"); };`;
    expect(load([], before)).toEqual(refusal("too large"));
  });

  it("whose multiply-add is not fused gets the exact form", () => {
    // The relaxed form is replaced by one that fails its test: the exact one, which never claims to be fused.
    const before = `
      const { Instance, Module, validate } = WebAssembly;
      let made = 0;
      WebAssembly.validate = (bytes) => validate(bytes) || bytes.length > 1000;
      WebAssembly.Module = function (bytes) { made += 1; return new Module(validate(bytes) ? bytes : Buffer.from(exact, "base64")); };
      WebAssembly.Instance = function (...given) {
        const { exports } = new Instance(...given);
        return { exports: made > 1 ? exports : { ...exports, isFused: () => 0 } };
      };
      const { exact } = require(${JSON.stringify(join(root, "dist/lib/wasm/modules.js"))});
      process.on("exit", () => { if (made !== 2) process.exitCode = 1; });`;
    expect(load([], before)).toEqual({ backend: "wasm" });
  });

  itOnPosix("limits of virtual memory", "without memory for it is a coded error", () => {
    const loadWithin = (kilobytes: number) => {
      const limited = `ulimit -v ${kilobytes}; exec "$0" "$@"`;
      const { stdout } = spawnSync("sh", ["-c", limited, process.execPath, "--eval", loading(root)], {
        encoding: "utf8",
        env: { ...process.env, NODE_OPTIONS: "", ...env },
      });
      return stdout === "" ? "no process" : (JSON.parse(stdout) as unknown);
    };
    // What a process takes for itself depends on the release of Node.
    let limit = 4_000_000;
    let found: unknown;
    do {
      found = loadWithin(limit);
      limit -= 100_000;
    } while (isDeepStrictEqual(found, { backend: "wasm" }));
    expect(found).toEqual(refusal("there is no memory for it"));
  });
});

wasm("a module", () => {
  const folder = at("package");
  const { exact, relaxed, lists } = modules;
  const half = exact.slice(0, 4 * Math.floor(exact.length / 8));
  const damaged = "no WebAssembly SIMD, or the module is damaged";

  beforeAll(() => {
    mkdirSync(folder);
    for (const name of ["dist", "package.json"]) cpSync(join(root, name), join(folder, name), { recursive: true });
    cpSync(join(root, "node_modules/node-gyp-build"), join(folder, "node_modules/node-gyp-build"), { recursive: true });
  });

  const load = (wanted: object) => {
    const text = `Object.assign(exports, ${JSON.stringify(wanted)});`;
    writeFileSync(join(folder, "dist/lib/wasm/modules.js"), text);
    return resultOf(loading(folder), { env, preload: false });
  };

  it.each([
    ["that is cut short", { exact: half, relaxed: half, lists }, damaged],
    ["with another header", { exact: `B${exact.slice(1)}`, relaxed: "", lists }, damaged],
    ["that is no base64", { exact: "?", relaxed: "?", lists }, damaged],
    ["that is missing", {}, damaged],
    ["that was not built", { exact: "", relaxed: "", lists: "" }, "made without clang"],
    ["of another release", { exact, relaxed, lists: lists.replace("adabelief", "adabelieve") }, "another release"],
  ])("%s is a coded error", (_, wanted, text) => {
    expect(load(wanted)).toEqual(refusal(text));
  });

  it("whose relaxed form is damaged runs in its exact form", () => {
    expect(load({ exact, relaxed: half, lists })).toEqual({ backend: "wasm" });
  });
});
