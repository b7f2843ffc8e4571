// A signal that ends a process ends it in the middle of a step as well: threads at work, and those asleep, hold nothing up.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeRandom } from "./helpers/random";

const root = join(__dirname, "..");
const kills = 8;

const program = (step: string) => `
  const { AdaBelief, cpu, parameter } = require(${JSON.stringify(root)});
  cpu.threads = 4;
  const p = parameter(cpu.allocate(4e6), { grad: cpu.allocate(4e6).fill(0.5) });
  const optimizer = new AdaBelief([p]);
  optimizer.step();
  console.log("at work");
  (async () => { for (;;) ${step}; })();
`;

describe.each([
  ["step", "optimizer.step()"],
  ["stepAsync", "await optimizer.stepAsync()"],
])("in the middle of %s", (_, step) => {
  it.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)(
    `a process ends by %s, ${kills} times out of ${kills}`,
    async (signal) => {
      const random = makeRandom(7);
      for (let kill = 0; kill < kills; ++kill) {
        const child = spawn(process.execPath, ["--eval", program(step)], { stdio: ["ignore", "pipe", "inherit"] });
        try {
          const ended = once(child, "exit");
          await once(child.stdout, "data");
          const pause = random.below(20); // milliseconds; a step takes some
          await sleep(pause);
          child.kill(signal);
          const [status, by] = (await ended) as [number | null, string | null];
          expect({ kill, pause, status, by }).toEqual({ kill, pause, status: null, by: signal });
        } finally {
          child.kill("SIGKILL"); // whatever went wrong, it does not go on
        }
      }
    },
    60_000,
  );
});
