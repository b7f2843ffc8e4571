import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { variants } from "../../lib/bench/cases";
import { cuda } from "../../lib";

function bench(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const main = join(__dirname, "../../dist/lib/cli/main.js");
  // The driver of these tests is known to Jest's own copy of the environment alone.
  const options = { encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "bench", "--device", "cuda", ...args], options);
  return { status, stdout, stderr };
}

describe("adabelief bench --device cuda", () => {
  it("times the step on a device beside what its memory costs, and names the device", () => {
    const { status, stdout } = bench(["--sizes", "100,5000", "--variants", "plain,clipped", "--repeats", "1", "--json"]);
    expect(status).toBe(0);
    const { machine, results } = JSON.parse(stdout) as { machine: { gpu: object }; results: Record<string, unknown>[] };
    expect(machine.gpu).toMatchObject({ name: cuda.devices[0]?.name });
    expect(results.map(({ optimizer, variant, model }) => [optimizer, variant, model])).toEqual(
      ["100", "5000"].flatMap((model) =>
        ["plain", "clipped"].flatMap((variant) => ["limit", "AdaBelief"].map((optimizer) => [optimizer, variant, model])),
      ),
    );
    for (const result of results) {
      expect(result).toMatchObject({ device: "cuda", memory: "device", mode: "sync", ratio_to_javascript: null });
      for (const figure of ["ns_per_parameter", "gb_per_s", "ratio_to_limit"]) expect(result[figure]).toBeGreaterThan(0);
    }
  });

  it("measures every variant", () => {
    const { status, stdout } = bench(["--sizes", "100", "--variants", "all", "--repeats", "1", "--json"]);
    expect(status).toBe(0);
    const { results } = JSON.parse(stdout) as { results: { variant: string }[] };
    expect(results.map(({ variant }) => variant)).toEqual(variants.flatMap(({ name }) => [name, name]));
  });

  it("says why where CUDA cannot run", () => {
    const { status, stderr } = bench([], { ADABELIEF_CUDA_DRIVER: "/nowhere/libcuda.so.1" });
    expect(status).toBe(2);
    expect(stderr).toMatch(/CUDA cannot run here: .*\/nowhere\/libcuda/);
  });
});
