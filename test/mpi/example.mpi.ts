// The example trains to the same weights on any number of ranks that has a power of two of parts each.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { eachLauncher, run } from "./helpers/ranks";

const root = join(__dirname, "..", "..");
const example = join(root, "examples", "mpi");

beforeAll(() => {
  const args = ["../shared/ready.mjs", "../shared", "../digits", "."];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: example, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}, 300_000);

eachLauncher((launcher) => {
  it.each([
    [16, [1, 2, 4]],
    [12, [1, 3]],
  ])("%i parts on %j ranks: the same weights", (parts, all) => {
    const printed = all.map((ranks) => {
      const args = ["--digits", "1280", "--epochs", "1", "--hidden", "16", "--parts", String(parts), "--below", "2.25"];
      const { status, stdout, stderr } = run(launcher, ranks, [join(example, "train.mjs"), ...args], { deadline: 60 });
      if (status !== 0) throw new Error(`${ranks} ranks: ${stdout}${stderr}`);
      expect(stdout).toContain(`${ranks} processes`);
      return /checksum of the weights: ([0-9a-f]{8})\n/.exec(stdout)?.[1];
    });
    expect(printed[0]).toBeDefined();
    expect(printed).toEqual(all.map(() => printed[0]));
  });

  it("refuses parts that would not give the same weights", () => {
    const { status, stderr } = run(launcher, 3, [join(example, "train.mjs"), "--parts", "16"], { deadline: 60 });
    expect(status).not.toBe(0);
    expect(stderr).toContain("--parts must be 1, 2, 4, 8, ... for each of 3 processes");
  });
});
