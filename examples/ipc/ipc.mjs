// One model in two processes: PyTorch computes gradients, Node updates the weights, and neither copies them. First over memory of
// Node's, then over memory of PyTorch's. Run it with `node examples/ipc/ipc.mjs`; see README.md.
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AdaBelief, cuda, parameter } from "adabelief";

const length = 100_000;
const steps = 50;

if (!cuda.available) {
  console.error(`This example needs an NVIDIA GPU: ${cuda.reason}`);
  process.exit(1);
}

/** PyTorch's process: it answers every line of JSON with one. */
class Partner {
  #child;
  #lines;

  constructor() {
    const script = fileURLToPath(new URL("gradients.py", import.meta.url));
    this.#child = spawn("python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdin.on("error", () => undefined); // it ended: the missing answer says so
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(question) {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("python3 ended: it must have torch, and see the GPU");
    return JSON.parse(value);
  }

  async end() {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }
}

// Handles are bytes, and travel as text.
const write = ({ handle, ...rest }) => ({ handle: Buffer.from(handle).toString("base64"), ...rest });
const read = ({ handle, ...rest }) => ({ handle: new Uint8Array(Buffer.from(handle, "base64")), ...rest });

/** The sum of all bits, as PyTorch's process computes it as well. */
const sumOfBits = (array) => new Int32Array(array.buffer, array.byteOffset, array.length).reduce((sum, bits) => sum + bits, 0);

/** Trains, and throws unless the loss fell and both processes see the same weights. */
async function train(partner, whose, data, grad) {
  const optimizer = new AdaBelief([parameter(data, { grad })], { lr: 0.1 });
  const losses = [];
  for (let step = 0; step < steps; ++step) {
    losses.push((await partner.ask({ do: "gradients" })).loss); // returns when they are there
    optimizer.step();
    optimizer.synchronize(); // other processes know nothing of our streams
  }
  const [first, last] = [losses[0], losses.at(-1)];
  const { sum } = await partner.ask({ do: "sum of bits" });
  const same = sum === sumOfBits(data.read());
  console.log(
    `${whose}: the loss fell from ${first.toFixed(4)} to ${last.toFixed(4)}; the weights are ${same ? "" : "not "}the same in both`,
  );
  if (!same || !(last < first / 2)) throw new Error(`${whose}: this is no training`);
  optimizer.dispose();
}

const partner = new Partner();
try {
  const own = [cuda.allocate(length), cuda.allocate(length)];
  await partner.ask({ do: "open", data: write(own[0].ipcHandle()), grad: write(own[1].ipcHandle()) });
  await train(partner, "Node's memory", ...own);
  await partner.ask({ do: "close" }); // before it is given back
  for (const array of own) array.dispose();

  const { data, grad } = await partner.ask({ do: "allocate", length });
  const opened = [cuda.openIpc(read(data)), cuda.openIpc(read(grad))];
  await train(partner, "PyTorch's memory", ...opened);
  for (const array of opened) array.dispose();
} finally {
  await partner.end();
}
