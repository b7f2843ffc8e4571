// PyTorch as a peer, where a python3 with torch is found: it runs in a process of its own, takes its turns when told to, and says itself
// how long they took.
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../lib/native";
import type { Device } from "./cases";
import type { Entry } from "./contestants";

const kinds = {
  "fused-adam": "PyTorch fused Adam",
  "foreach-adam": "PyTorch foreach Adam",
  adabelief: "PyTorch plain AdaBelief",
  copy: "PyTorch copy",
} as const;

/** A copy reads and writes each float once. */
const bytesOfCopy = 8;

function findPython(): string | undefined {
  return ["python3", "/usr/bin/python3"].find((python) => spawnSync(python, ["-c", "import torch"]).status === 0);
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
  const python = findPython();
  if (python === undefined) return [];
  const entries: Entry[] = [];
  for (const [kind, optimizer] of Object.entries(kinds)) {
    for (const count of threads) {
      const dialogue = new Dialogue(python, [join(root, "bench", "peers", "pytorch.py"), kind, String(count), device]);
      const version = (await dialogue.ask(JSON.stringify(lengths)))?.split(" ")[1];
      if (version === undefined) continue;
      entries.push({
        ...{
          optimizer,
          mode: "sync",
          backend: `torch-${kind}`,
          threads: count,
          memory: device === "cuda" ? "device" : "ordinary",
        },
        ...(kind === "copy" ? { bytes: bytesOfCopy } : {}),
        run: () => undefined,
        time: async (runs) => Number(await dialogue.ask(String(runs))),
        close: () => dialogue.close(),
      });
    }
  }
  return entries;
}
