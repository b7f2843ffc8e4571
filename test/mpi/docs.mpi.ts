// The snippets of docs/mpi.md run.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fences } from "../helpers/docs";
import { eachLauncher, run } from "./helpers/ranks";

const root = join(__dirname, "..", "..");
const snippets = fences(readFileSync(join(root, "docs", "mpi.md"), "utf8"), "js");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "adabelief-mpi-docs-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "adabelief"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

eachLauncher((launcher) => {
  it("trains, saves and closes", () => {
    // Paths of the snippet are the folder's: a launcher starts its processes here.
    const code = [`process.chdir(${JSON.stringify(folder)});`, snippets[0]].join("\n");
    writeFileSync(join(folder, "train.mjs"), code);
    expect(run(launcher, 2, [join(folder, "train.mjs")])).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(readFileSync(join(folder, "model.safetensors")).length).toBeGreaterThan(3 * 4000);
  });

  it("makes a world of one color", () => {
    const code = `${snippets[1]}\nconsole.log(String(world.size));\nawait world.close();`;
    writeFileSync(join(folder, "colored.mjs"), code);
    expect(run(launcher, 2, [join(folder, "colored.mjs")])).toMatchObject({ status: 0, stdout: "2\n2\n", stderr: "" });
  });
});
