// Steps that take long, on a thread in the background.
import { resultOf } from "./helpers/script";
import { where } from "./helpers/where";

where(process.platform === "linux", "there is no /proc", "a long stepAsync", () => {
  it("runs on a thread of its own in the background, and leaves libuv's threads and the pool's as they were", () => {
    const code = `
      const { AdaBelief, parameter, cpu } = adabelief;
      const { readFileSync, readdirSync } = require("node:fs");
      cpu.threads = 3;
      const policies = () => {
        const counts = {};
        for (const thread of readdirSync("/proc/self/task")) {
          const fields = readFileSync("/proc/self/task/" + thread + "/stat", "utf8").split(") ")[1].split(" ");
          const kind = "policy " + fields[38] + ", nice " + fields[16];
          counts[kind] = (counts[kind] ?? 0) + 1;
        }
        return counts;
      };
      const step = (length) => new AdaBelief([parameter(new Float32Array(length), { grad: new Float32Array(length) })]).stepAsync();
      (async () => {
        await step(1000);
        const before = policies();
        await step(3e6);
        await step(3e6);
        const after = policies();
        console.log(JSON.stringify([before, after]));
      })();`;
    const [before, after] = resultOf(code) as Record<string, number>[];
    const [kind] = Object.keys(before ?? {});
    const nice = Number(/-?\d+$/.exec(kind as string)?.[0]);
    expect(before).toEqual({ [kind as string]: expect.any(Number) as number });
    // Two workers of the pool, made by the thread that started the step, and one thread in the background.
    const batch = 3;
    expect(after).toEqual({
      [kind as string]: (before?.[kind as string] as number) + 2,
      [`policy ${batch}, nice ${Math.min(nice + 5, 19)}`]: 1,
    });
  });
});
