// What only shows at 100 million parameters: the first step, which touches the state for the first time, and what stepAsync leaves of the
// event loop. Run by `npm run bench:large`, optionally with another size.
import { AdaBelief, cpu } from "..";
import { loopDelay } from "./loop-delay";
import { spread } from "./statistics";

const size = Number(process.argv[2] ?? 1e8);
const milliseconds = (run: () => void): number => {
  const started = performance.now();
  run();
  return performance.now() - started;
};

/** Gives the state back to the system, so that the next one need not wait for a virtual machine's host to find more memory. */
async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 4; ++i) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function main(): Promise<void> {
  const p = { data: cpu.allocate(size).fill(1), grad: cpu.allocate(size).fill(0.5) };
  const firsts: number[] = [];
  const laters: number[] = [];
  for (let repeat = 0; repeat < 7; ++repeat) {
    const optimizer = new AdaBelief([p]);
    firsts.push(milliseconds(() => optimizer.step()));
    for (let i = 0; i < 3; ++i) laters.push(milliseconds(() => optimizer.step()));
    optimizer.dispose();
    await collectGarbage();
  }
  console.log(`first steps: ${firsts.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  const [first, later] = [spread(firsts).median, spread(laters).median];
  console.log(`${size} parameters, ${cpu.backend}, ${cpu.threads} threads`);
  console.log(`first step ${first.toFixed(1)} ms, later ones ${later.toFixed(1)} ms: ${(first / later).toFixed(2)} times`);

  const optimizer = new AdaBelief([p]);
  await optimizer.stepAsync();
  const idle = await loopDelay(() => new Promise((resolve) => setTimeout(resolve, 1000)));
  const busy = await loopDelay(async () => {
    for (let i = 0; i < 15; ++i) await optimizer.stepAsync();
  });
  const above = busy - idle;
  console.log(
    `event loop delay, p99: idle ${idle.toFixed(2)} ms, during stepAsync ${busy.toFixed(2)} ms: ${above.toFixed(2)} ms above`,
  );
}

void main();
