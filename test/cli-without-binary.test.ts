// info, --help and --version work where people need them: without a binary, and with a wrong environment.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { temporaryFolder } from "./helpers/folder";
import { version } from "../lib/version";
import { readFileSync } from "node:fs";

const at = temporaryFolder();

function adabelief(env: Record<string, string>, ...args: string[]) {
  const main = join(__dirname, "../dist/lib/cli/main.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    env: { ...process.env, ADABELIEF_BACKEND: "", ADABELIEF_THREADS: "", ...env },
  });
  return { status, stdout, stderr };
}

/** No binary lies in a folder that is empty, and "native" forbids WebAssembly in its place. */
const without = { ADABELIEF_PREBUILD: at(), ADABELIEF_BACKEND: "native" };

const cases: [Record<string, string>, RegExp][] = [
  [without, /^problem +adabelief has no binary that loads on /m],
  [
    { ADABELIEF_PREBUILD: "here", ADABELIEF_BACKEND: "native" },
    /^problem .*ADABELIEF_PREBUILD must be an absolute path, got "here"/m,
  ],
  [{ ADABELIEF_BACKEND: "abc" }, /^problem +Backend "abc": there is no such backend/m],
  [{ ADABELIEF_WASM: "abc" }, /^problem +ADABELIEF_WASM must be exact or relaxed, got "abc"/m],
  [{ ADABELIEF_THREADS: "abc" }, /^problem +ADABELIEF_THREADS must be a whole number from 1 to \d+, got "abc"$/m],
];

const usual = { help: "" };
beforeAll(() => (usual.help = adabelief({}, "--help").stdout));

describe.each(cases)("with %j", (env, problem) => {
  it("info prints what is known, and the problem", () => {
    const { status, stdout, stderr } = adabelief(env, "info");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(`adabelief  ${version}, Node ${process.version}\n`);
    expect(stdout).toMatch(problem);
    expect(JSON.parse(adabelief(env, "info", "--json").stdout)).toMatchObject({ version, problem: expect.any(String) as string });
  });

  it("--version and --help print the same as ever", () => {
    expect(adabelief(env, "--version")).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
    expect(adabelief(env, "--help")).toEqual({ status: 0, stdout: usual.help, stderr: "" });
    expect(usual.help).toMatch(/adabelief info \[--json\][^]*adabelief bench [^]*adabelief compare [^]*--version/);
  });
});

it.each(["0", "-1", "1.5", "257", "1 2", " ", "NaN"])("ADABELIEF_THREADS is said as it was written: %j", (text) => {
  expect(adabelief({ ADABELIEF_THREADS: text }, "info").stdout).toContain(`got ${JSON.stringify(text)}\n`);
});

it("the version is package.json's", () => {
  const { version: published } = JSON.parse(readFileSync(join(__dirname, "../package.json"), "utf8")) as { version: string };
  expect(version).toBe(published);
});
