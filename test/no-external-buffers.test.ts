// Where JavaScript may hold no memory but its own, as in Electron, native code cannot hand out any: everything works in ordinary
// arrays. Electron is played by a copy of the binary that calls a function of another name, one letter away from Node's and
// preloaded, which refuses as Electron's does.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import load from "node-gyp-build";
import { resultOf, runScript } from "./helpers/script";

const root = join(__dirname, "..");
const name = "napi_create_external_arraybuffer";
const otherName = "napi_create_external_arraybuffeR";
const refusal = 22; // napi_no_external_buffers_allowed

describe("where external buffers are refused", () => {
  let folder: string;
  let env: Record<string, string>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "adabelief-refused-"));
    const binary = readFileSync(load.path(root)).toString("latin1");
    expect(binary).toContain(`\0${name}\0`);
    mkdirSync(join(folder, "build", "Release"), { recursive: true });
    const changed = binary.replaceAll(`\0${name}\0`, `\0${otherName}\0`);
    writeFileSync(join(folder, "build", "Release", "adabelief.node"), changed, "latin1");
    const [source, library] = [join(folder, "refuse.c"), join(folder, "refuse.so")];
    writeFileSync(source, `#include <unistd.h>\nint ${otherName}(void) { write(2, "refused\\n", 8); return ${refusal}; }\n`);
    const { status: exit, stderr } = spawnSync("cc", ["-shared", "-fPIC", "-w", "-o", library, source], { encoding: "utf8" });
    expect([exit, stderr]).toEqual([0, ""]);
    env = { LD_PRELOAD: library, ADABELIEF_PREBUILD: folder };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const training = `
    const { AdaBelief, cpu, parameter } = adabelief;
    (async () => {
      const p = parameter(cpu.allocate(50_000).map((_, i) => Math.sin(i)), { grad: new Float32Array(50_000).fill(0.5) });
      const optimizer = new AdaBelief([p], { amsgrad: true });
      for (let i = 0; i < 5; ++i) optimizer.step();
      await optimizer.stepAsync();
      const { exp_avg, max_exp_avg_var } = optimizer.state.get(p);
      const bits = [p.data, exp_avg, max_exp_avg_var].map(({ buffer }) => require("node:crypto").createHash("sha256").update(new Uint8Array(buffer)).digest("hex"));
      console.log(JSON.stringify(bits));
    })();`;

  it("training gives the same bits, in ordinary arrays", () => {
    const { status: exit, stdout, stderr } = runScript(training, { env });
    expect([exit, stderr]).toEqual([0, expect.stringContaining("refused\n")]);
    expect(JSON.parse(stdout)).toEqual(resultOf(training));
  });

  it("cpu.allocate gives an ordinary array of zeros", () => {
    const code = `
      const array = adabelief.cpu.allocate(1e6);
      const ordinary = array.byteOffset === 0 && array.every((x) => x === 0);
      console.log(JSON.stringify([array.constructor.name, array.length, ordinary]));`;
    expect(resultOf(code, { env })).toEqual(["Float32Array", 1e6, true]);
  });
});
