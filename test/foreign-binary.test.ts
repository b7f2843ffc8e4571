// A file in the place of the binary that belongs to another platform or package: a coded error, or WebAssembly with a warning.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { path as findBuilt } from "node-gyp-build";
import { exact } from "../lib/wasm/modules";
import { temporaryFolder } from "./helpers/folder";
import { runScript } from "./helpers/script";

const root = join(__dirname, "..");
const folder = temporaryFolder()("package");

/** The whole binary, as a file of another format or for another processor would begin. */
function beginningWith(...bytes: number[]): Buffer {
  const binary = Buffer.from(readFileSync(findBuilt(root)));
  binary.set(bytes);
  return binary;
}

/** Where an ELF file names the processor: 183 is arm64, 62 x64. */
function forAnotherProcessor(): Buffer {
  const binary = Buffer.from(readFileSync(findBuilt(root)));
  binary.writeUInt16LE(process.arch === "arm64" ? 62 : 183, 18);
  return binary;
}

/** An addon that is not ours: the one by which Jest finds modules. */
function anotherAddon(): Buffer {
  const require = createRequire(__filename);
  const resolver = require.resolve("unrs-resolver", { paths: [require.resolve("jest-resolve")] });
  const { name } = require(join(resolver, "..", "package.json")) as { name: string };
  expect(name).toBe("unrs-resolver");
  const binding = `@unrs/resolver-binding-${process.platform}-${process.arch}-gnu`;
  return readFileSync(require.resolve(binding, { paths: [resolver] }));
}

const text = Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 2\n");
const files: [string, () => Buffer][] = [
  ["a binary of Windows", () => beginningWith(0x4d, 0x5a)],
  ["a binary of macOS", () => beginningWith(0xcf, 0xfa, 0xed, 0xfe)],
  ["a pointer of Git LFS", () => text],
  ["a binary for another processor", forAnotherProcessor],
];

beforeAll(() => {
  mkdirSync(join(folder, "build/Release"), { recursive: true });
  for (const name of ["dist", "package.json"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  cpSync(join(root, "node_modules/node-gyp-build"), join(folder, "node_modules/node-gyp-build"), { recursive: true });
});

const load = (backend: string, contents: Buffer) => {
  writeFileSync(join(folder, "build/Release/adabelief.node"), contents);
  const code = `
    let found;
    try { found = require(${JSON.stringify(folder)}).cpu.backend; } catch ({ code, message }) { found = code + " " + message; }
    console.log(found);`;
  return runScript(code, { preload: false, env: { ADABELIEF_BACKEND: backend, PREBUILDS_ONLY: "" } });
};

const linux = process.platform === "linux" ? describe : describe.skip;
linux.each(files)("%s beside the package", (_, contents) => {
  it("is ERR_NO_BINARY where native code is asked for", () => {
    const { status, stdout } = load("native", contents());
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^ERR_NO_BINARY /) as string });
  });

  (exact === "" ? it.skip : it)("is replaced by WebAssembly otherwise, with a warning", () => {
    const { status, stdout, stderr } = load("", contents());
    expect({ status, stdout }).toEqual({ status: 0, stdout: "wasm\n" });
    expect(stderr.match(/ADABELIEF_WASM/g)).toHaveLength(1);
  });
});

linux("the addon of another package", () => {
  it.each(["", "native"])("is ERR_NO_BINARY, and what to do: ADABELIEF_BACKEND=%s", (backend) => {
    const { status, stdout } = load(backend, anotherAddon());
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^ERR_NO_BINARY .*[Ii]nstall/) as string });
  });
});
