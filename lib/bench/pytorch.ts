// PyTorch as a peer, where a python3 with torch is found: it runs in a process of its own, takes its turns when told to, and says itself
// how long they took.
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../native/here";
import type { Device } from "./cases";
import type { Entry } from "./contestants";

const kinds = {
  "fused-adam": "PyTorch fused Adam",
  "foreach-adam": "PyTorch foreach Adam",
  adabelief: "PyTorch plain AdaBelief",
  copy: "PyTorch copy",
} as const;
type Kind = keyof typeof kinds;

/** A copy reads and writes each float once. */
const bytesOfCopy = 8;

/** A Python with PyTorch. Looked for once, because importing torch takes seconds. */
let python: string | null | undefined;

function findPython(): string | null {
  python ??= ["python3", "/usr/bin/python3"].find((name) => spawnSync(name, ["-c", "import torch"]).status === 0) ?? null;
  return python;
}

/** A process that answers every line with one line. */
class Dialogue {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: ((line: string | undefined) => void)[] = [];

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args);
    this.#child.stdin.on("error", () => undefined); // it ended: the missing answer says so
    createInterface({ input: this.#child.stdout })
      .on("line", (line) => this.#waiting.shift()?.(line))
      .on("close", () => {
        for (const resolve of this.#waiting.splice(0)) resolve(undefined);
      });
  }

  /** The answer to a line, or undefined if the process ended. */
  ask(line: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#child.stdin.write(`${line}\n`);
    });
  }

  close(): void {
    this.#child.kill();
  }
}

/** PyTorch's optimizers over tensors of these lengths, each on every number of threads. What this PyTorch lacks is left out. */
export async function pytorch(lengths: readonly number[], threads: readonly number[], device: Device): Promise<Entry[]> {
  const found = findPython();
  if (found === null) return [];
  const kindsAndThreads = (Object.keys(kinds) as Kind[]).flatMap((kind) => threads.map((count) => ({ kind, count })));
  // All processes start at once, because each needs seconds.
  const entries = await Promise.all(kindsAndThreads.map(({ kind, count }) => start(found, kind, count, lengths, device)));
  return entries.filter((entry) => entry !== undefined);
}

/** One process of PyTorch; undefined where it lacks that optimizer. */
async function start(
  command: string,
  kind: Kind,
  threads: number,
  lengths: readonly number[],
  device: Device,
): Promise<Entry | undefined> {
  const dialogue = new Dialogue(command, [join(root, "bench", "peers", "pytorch.py"), kind, String(threads), device]);
  if ((await dialogue.ask(JSON.stringify(lengths)))?.startsWith("ready") !== true) return undefined;
  return {
    ...{ optimizer: kinds[kind], mode: "sync", backend: `torch-${kind}`, threads },
    memory: device === "cuda" ? "device" : "ordinary",
    ...(kind === "copy" ? { bytes: bytesOfCopy } : {}),
    run: () => undefined,
    time: async (runs) => Number(await dialogue.ask(String(runs))),
    close: () => dialogue.close(),
  };
}
