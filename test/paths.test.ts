// Paths of files that cannot be one's, and a working directory that was removed: the error has a code and the path as it was given.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parameter, readSafetensors, SGD, writeSafetensors } from "../lib";
import { fails } from "./helpers/checkpoint";
import { temporaryFolder } from "./helpers/folder";
import { itOnPosix } from "./helpers/posix";
import { resultOf } from "./helpers/script";

const at = temporaryFolder();
const optimizer = () => new SGD([parameter(Float32Array.of(1), { grad: Float32Array.of(1) })]);

const acts: [string, (path: string | URL) => Promise<unknown>][] = [
  ["saveState", (path) => optimizer().saveState(path)],
  ["loadState", (path) => optimizer().loadState(path)],
  ["writeSafetensors", (path) => writeSafetensors(path, { w: Float32Array.of(1) })],
  ["readSafetensors", (path) => readSafetensors(path)],
];

describe.each(acts)("%s", (_, act) => {
  const beside = `${at("name")}/`;
  it.each<[string, string | URL]>([
    ["nothing", ""],
    ["a path that ends in a slash", beside],
    ["a path that ends in a dot", `${beside}.`],
    ["a path that ends in two dots", `${at("name")}/..`],
    ["a dot", "."],
    ["two dots", ".."],
    ["a URL that ends in a slash", pathToFileURL(beside)],
  ])("refuses %s", async (_, path) => {
    const error = await fails(act(path));
    expect(error).toMatchObject({ name: "RangeError", code: "ERR_INVALID_OPTION" });
    expect(error.message).toMatch(/^The path of a (checkpoint|safetensors file) must end in the name of a file, got "/);
    expect(existsSync(at("name"))).toBe(false);
  });

  it("names the path where its folder is missing", async () => {
    const path = at("missing", "run.safetensors");
    expect(await fails(act(path))).toMatchObject({ code: "ENOENT", path, message: expect.stringContaining(path) as string });
  });
});

it("takes names with dots", async () => {
  for (const name of ["...", ".run", "run.", "a..b"]) await writeSafetensors(at(name), {});
});

itOnPosix("a working directory that can be removed", "a working directory that was removed: the error names the path", () => {
  const results = resultOf(`
    const { mkdtempSync, rmdirSync } = require("node:fs");
    const folder = mkdtempSync(require("node:path").join(require("node:os").tmpdir(), "adabelief-cwd-"));
    process.chdir(folder);
    rmdirSync(folder);
    const { SGD, parameter, writeSafetensors, readSafetensors } = adabelief;
    const path = "run.safetensors";
    const optimizer = new SGD([parameter(new Float32Array(1))]);
    const acts = [
      () => optimizer.saveState(path),
      () => optimizer.loadState(path),
      () => writeSafetensors(path, {}),
      () => readSafetensors(path),
    ];
    (async () => {
      const found = [];
      for (const act of acts) found.push(await act().then(() => null, ({ code, path, message }) => ({ code, path, message })));
      console.log(JSON.stringify(found));
    })();
  `);
  const message =
    "ENOENT: no such file or directory, uv_cwd 'run.safetensors': the working directory was removed, so give an absolute path";
  expect(results).toEqual(acts.map(() => ({ code: "ENOENT", path: "run.safetensors", message })));
});
