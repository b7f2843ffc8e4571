// Ranks of Python, through mpi4py, in one job with ranks of Node: each kind has a communicator of its own.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed, runJob } from "./helpers/ranks";

/** Debian's mpi4py is for its own Python, and for Open MPI. */
const python = ["python3", "/usr/bin/python3"].find((one) => spawnSync(one, ["-c", "import mpi4py"]).status === 0);
const openMpi = installed.find(({ name }) => name === "Open MPI");
const canRun = python !== undefined && openMpi !== undefined;
if (!canRun) process.stderr.write("SKIPPED, not passed: ranks of Python; they need Open MPI and python3-mpi4py\n");

/** Waits for a checkpoint, as an evaluation would, and says what its ranks found. */
const evaluate = `
import json, os, struct, sys, time
from mpi4py import MPI

ranks = MPI.COMM_WORLD.Split(1)
folder = sys.argv[1]
path = os.path.join(folder, "model.safetensors")
while not os.path.exists(path):
    time.sleep(0.01)
with open(path, "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
total = ranks.allreduce(ranks.Get_rank() + 1)
with open(os.path.join(folder, f"python-{ranks.Get_rank()}.json"), "w") as file:
    json.dump([ranks.Get_size(), total, header["param.0"]["shape"]], file)
`;

const train = `
const { AdaBelief, parameter } = adabelief;
const world = await mpi.world({ timeout: 30, color: 0 });
const weight = parameter(new Float32Array(12).fill(1), { shape: [3, 4], grad: new Float32Array(12).fill(world.rank) });
const optimizer = new Sharded(new AdaBelief([weight], { lr: 1e-3 }), world);
await optimizer.step();
await optimizer.saveState(given + "/model.safetensors", { parameters: true });
require("node:fs").writeFileSync(given + "/node-" + world.rank + ".json", JSON.stringify([world.size, hashOf(weight.data)]));
await world.close();`;

(canRun ? it : it.skip)("share a job with ranks of Node, and read their checkpoints", () => {
  const folder = mkdtempSync(join(tmpdir(), "adabelief-mpi-python-"));
  try {
    const script = join(folder, "evaluate.py");
    writeFileSync(script, evaluate);
    const { status, stderr } = runJob(openMpi as never, [
      { ranks: 2, script: train, given: folder },
      { ranks: 2, command: [python as string, script, folder] },
    ]);
    expect([status, stderr]).toEqual([0, ""]);
    const found = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as unknown[];
    expect([0, 1].map((rank) => found(`python-${rank}`))).toEqual(Array(2).fill([2, 3, [3, 4]]));
    expect(found("node-1")).toEqual(found("node-0"));
    expect(found("node-0")[0]).toBe(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
