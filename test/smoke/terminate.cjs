// Workers terminated in the middle of stepAsync, for any runtime of JavaScript: the process goes on, and so does what comes to use the
// same memory. Prints how many were terminated.
const { join } = require("node:path");
const { setTimeout: wait } = require("node:timers/promises");
const { isMainThread, parentPort, Worker } = require("node:worker_threads");

const length = 4_000_000;
const workers = 12;

/** Starts a step whenever one ends. */
function work() {
  const { AdaBelief, parameter } = require(join(__dirname, "..", ".."));
  const optimizer = new AdaBelief([parameter(new Float32Array(length), { grad: new Float32Array(length).fill(1) })]);
  optimizer.step();
  const next = () => optimizer.stepAsync().then(next);
  void next();
  parentPort.postMessage("begun");
}

async function terminate() {
  for (let k = 0; k < workers; ++k) {
    const worker = new Worker(join(__dirname, "terminate.cjs"));
    await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await wait(k % 4);
    await worker.terminate();
  }
  console.log(JSON.stringify({ terminated: workers }));
  process.exit(0); // Deno waits for workers that are gone
}

if (isMainThread) {
  terminate().catch((error) => {
    console.error(error);
    process.exit(1);
  });
} else {
  work();
}
