// Many optimizers in several workers at once, on one pool of threads: no update is lost, and no memory.
import { resultOf } from "./helpers/script";

/** Steps a dozen optimizers of random sizes, now and then asynchronously, and sums up all bits of all parameters. */
const train = `async (adabelief, { seed, steps, alone }) => {
  const { AdaBelief, parameter } = adabelief;
  let state = seed;
  const random = (limit) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % limit;
  let hash = 0;
  let done = 0;
  while (done < steps) {
    const lengths = Array.from({ length: 1 + random(12) }, () => (random(4) === 0 ? random(40000) : random(200)));
    const parameters = lengths.map((length, k) => parameter(
      Float32Array.from({ length }, (_, i) => Math.sin(i + k)), { grad: Float32Array.from({ length }, (_, i) => Math.cos(i - k)) }));
    const optimizer = new AdaBelief(parameters, { amsgrad: random(2) === 0, rectify: random(2) === 0 });
    for (let i = random(40); i >= 0 && done < steps; --i, ++done) {
      const async = random(5) === 0;
      if (async && !alone) await optimizer.stepAsync();
      else optimizer.step();
    }
    for (const { data } of parameters) for (const word of new Uint32Array(data.buffer)) hash = (Math.imul(hash, 31) + word) | 0;
  }
  return hash;
}`;

describe("ten thousand steps of many optimizers in four workers", () => {
  it("end with the bits of the same steps one after the other, and with no more memory than before", () => {
    const code = `
      const { Worker } = require("node:worker_threads");
      const train = ${train};
      const source = "const { parentPort, workerData } = require('node:worker_threads');"
        + "(" + train + ")(require(process.cwd()), workerData).then((hash) => parentPort.postMessage(hash));";
      const inWorker = (seed, steps) => new Promise((resolve, reject) => {
        new Worker(source, { eval: true, workerData: { seed, steps } }).once("message", resolve).once("error", reject);
      });
      const round = (steps) => Promise.all([1, 2, 3, 4].map((seed) => inWorker(seed, steps)));
      (async () => {
        adabelief.cpu.threads = 3;
        await round(2500);
        const before = process.memoryUsage().rss;
        const together = await round(2500);
        const grown = (process.memoryUsage().rss - before) / 1e6;
        adabelief.cpu.threads = 1;
        const apart = [];
        for (const seed of [1, 2, 3, 4]) apart.push(await train(adabelief, { seed, steps: 2500, alone: true }));
        console.log(JSON.stringify({ same: together.map((hash, k) => hash === apart[k]), grown }));
      })();`;
    const { same, grown } = resultOf(code) as { same: boolean[]; grown: number };
    expect(same).toEqual([true, true, true, true]);
    expect(grown).toBeLessThan(60); // what the allocator keeps for itself
  }, 60_000);
});
