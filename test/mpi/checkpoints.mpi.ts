// Checkpoints of ranks are the ordinary files: on any number of ranks, of either library, and in one process.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as adabelief from "../../lib";
import { expectSameBits } from "../helpers/bits";
import type { Form } from "../helpers/family";
import { installed, resultsOf, runRanks, type Launcher } from "./helpers/ranks";
import * as train from "./helpers/train.cjs";

const forms: (Pick<Form, "optimizer" | "options" | "lookahead"> & { clipped: boolean })[] = [
  { optimizer: "AdaBelief", options: { weight_decay: 1e-2 }, clipped: true },
  { optimizer: "Adam", options: { amsgrad: true, ema: { decay: 0.9 } }, lookahead: { k: 3, alpha: 0.5 }, clipped: false },
  { optimizer: "RangerAdaBelief", options: { betas: [0.9, 0.98], k: 2 }, clipped: false },
  { optimizer: "SGD", options: { lr: 0.1 }, clipped: false },
];

const hashOf = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  createHash("sha256")
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest("hex")
    .slice(0, 16);

const path = join(__dirname, "helpers", "train.cjs");
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "adabelief-mpi-checkpoints-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Goes on from what the stage before has saved. */
const body = `
  const train = require(${JSON.stringify(path)});
  const world = await mpi.world({ timeout: 60 });
  const dicts = [];
  for (const [k, form] of given.forms.entries()) {
    const parameters = train.makeParameters(adabelief);
    const optimizer = new Sharded(train.makeOptimizer(adabelief, parameters, form), world, { bucket: 9000 });
    const file = given.folder + "/" + k;
    if (given.from > 1) {
      if (world.rank > 0) parameters.forEach(({ data }) => data.fill(7));
      const { extra } = await optimizer.loadState(world.rank === 0 ? file : "/nowhere", { parameters: true });
      if (extra.step !== given.from - 1) throw new Error("another extra");
    }
    await train.trainSharded(adabelief, optimizer, parameters, world, form, given);
    await optimizer.saveState(file, { parameters: true, extra: { step: given.steps } });
    const dict = await optimizer.stateDict();
    dicts.push(dict === null ? null : Object.keys(dict.state).length);
    optimizer.dispose();
  }
  result(world.rank, dicts);
  await world.close();`;

/** The stages of a run: ranks, on which library, micro-batches, the last step. */
const stages: [number, number, number, number][] = [
  [4, 0, 4, 2],
  [2, 1, 4, 4],
  [1, 0, 4, 5],
  [3, 1, 3, 7],
];

const some = installed.length > 0 ? it : it.skip;

some("4 ranks, then 2 on the other library, then 1, then 3: the bits of one process, and its file", async () => {
  const alone = forms.map((form) => {
    let state: { dict: adabelief.StateDict; data: Float32Array[] } | undefined;
    return (from: number, steps: number, batches: number, file: string) => {
      const { parameters, optimizer } = train.trainAlone(adabelief, form, { from, steps, batches, ...(state ? { state } : {}) });
      state = { dict: optimizer.stateDict(), data: parameters.map(({ data }) => data) };
      return { optimizer, parameters, saved: optimizer.saveState(file, { parameters: true, extra: { step: steps } }) };
    };
  });
  let from = 1;
  for (const [ranks, library, batches, steps] of stages) {
    const launcher = installed[library % installed.length] as Launcher;
    const found = resultsOf<(number | null)[]>(launcher, body, { ranks, given: { forms, folder, from, steps, batches } });
    for (const [k, run] of alone.entries()) {
      const own = join(folder, `alone-${k}`);
      const { parameters, optimizer, saved } = run(from, steps, batches, own);
      await saved;
      expect(readFileSync(join(folder, String(k)))).toEqual(readFileSync(own));
      const loaded = train.makeParameters(adabelief);
      const other = train.makeOptimizer(adabelief, loaded, forms[k] as (typeof forms)[number]);
      await other.loadState(join(folder, String(k)), { parameters: true });
      loaded.forEach(({ data }, p) => expectSameBits(data, parameters[p]?.data as Float32Array, `form ${k}, tensor ${p}`));
      expect(other.stateDict()).toEqual(optimizer.stateDict());
      expect(found.map((ofRank) => ofRank[k] === null)).toEqual(found.map((_, rank) => rank > 0));
    }
    from = steps + 1;
  }
});

describe.each(installed.map((launcher) => [launcher.name, launcher] as const))("a large state over %s", (name, launcher) => {
  it("is written and read piece by piece, and the file is that of one process", async () => {
    const [file, own] = [join(folder, `large-${name}`), join(folder, "large-alone")];
    const script = `
      const { p, inner } = require(${JSON.stringify(path)}).makeLarge(adabelief);
      const world = await mpi.world({ timeout: 60 });
      const optimizer = new Sharded(inner, world, { bucket: 2 ** 18 });
      for (let k = 0; k < 2; ++k) await optimizer.step();
      const peak = () => process.resourceUsage().maxRSS / 1024;
      const before = peak();
      await optimizer.saveState(given, { parameters: true });
      const saving = peak() - before;
      p.data.fill(7);
      await optimizer.loadState(given, { parameters: true });
      const loading = peak() - before;
      await optimizer.step();
      result(world.rank, { saving, loading, hash: hashOf(p.data) });
      await world.close();`;
    interface Found {
      saving: number;
      loading: number;
      hash: string;
    }
    const found = resultsOf<Found>(launcher, script, { ranks: 4, given: file }); // the mean of four alike is exact
    const alone = train.makeLarge(adabelief);
    for (let k = 0; k < 2; ++k) alone.inner.step();
    await alone.inner.saveState(own, { parameters: true });
    expect(Buffer.compare(readFileSync(file), readFileSync(own))).toBe(0);
    alone.inner.step();
    const whole = (8 * alone.p.data.length) / 2 ** 20; // MiB
    for (const { saving, loading, hash } of found) {
      expect(hash).toBe(hashOf(alone.p.data));
      // A whole copy of the state would be too much. A loaded one takes a quarter of it, and the values once more; pieces that were sent
      // are collected later.
      expect(saving).toBeLessThan(0.75 * whole);
      expect(loading).toBeLessThan(1.5 * whole);
    }
  });
});

describe.each(installed.map((launcher) => [launcher.name, launcher] as const))("over %s", (_, launcher) => {
  const model = `
    const world = await mpi.world({ timeout: 20 });
    const { rank } = world;
    const p = adabelief.parameter(new Float32Array(30000).fill(rank + 1), { name: "weight", grad: new Float32Array(30000).fill(1) });
    const inner = new adabelief.Adam([p], { lr: 1e-2 });`;

  it("broadcasts rank 0's parameters and its state, which the others need not have", () => {
    const script = `${model}
      if (rank === 0) { p.data.fill(5); inner.step(); inner.step(); }
      const optimizer = new Sharded(inner, world, { bucket: 9000 });
      const before = await optimizer.step().then(() => "none", ({ code, message }) => code + message);
      await optimizer.broadcast();
      const hash = hashOf(p.data);
      result(rank, [before, hash, p.data[29999]]);
      await world.close();`;
    const found = resultsOf<[string, string, number]>(launcher, script, { ranks: 3 });
    for (const [code] of found) expect(code).toMatch(/^ERR_MPI_DISAGREERank 0 disagrees on the state/);
    expect(new Set(found.map(([, hash]) => hash)).size).toBe(1);
  });

  it("goes on after a broadcast as one process does", () => {
    const script = `${model}
      if (rank === 0) { p.data.fill(5); inner.step(); inner.step(); }
      const optimizer = new Sharded(inner, world, { bucket: 9000 });
      await optimizer.broadcast();
      await optimizer.step();
      result(rank, [hashOf(p.data), (await optimizer.stateDict())?.state[0].step ?? null]);
      await world.close();`;
    const weight = adabelief.parameter(new Float32Array(30000).fill(5), { grad: new Float32Array(30000).fill(1) });
    const adam = new adabelief.Adam([weight], { lr: 1e-2 });
    for (let k = 0; k < 3; ++k) adam.step();
    const one = resultsOf<[string, number | null]>(launcher, script, { ranks: 2 });
    expect(one.map(([, step]) => step)).toEqual([3, null]);
    for (const [hash] of one) expect(hash).toBe(hashOf(weight.data));
  });

  it("passes on what goes wrong in the middle, with nothing changed, and can be called again", () => {
    const script = `
      const fs = require("node:fs");
      const promises = require("node:fs/promises");
      const { writeFile } = promises;
      const fullDisk = async (file, chunks) => {
        let count = 0;
        for await (const chunk of chunks) {
          if (++count === 2) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
        }
      };
      const world = await mpi.world({ timeout: 20 });
      const p = adabelief.parameter(new Float32Array(3000000).fill(1), { grad: new Float32Array(3000000).fill(1) });
      const optimizer = new Sharded(new adabelief.Adam([p], { lr: 1e-2 }), world);
      const average = new adabelief.WeightAverage(optimizer);
      await optimizer.step();
      average.update();
      const [isRoot, codes] = [world.rank === 0, []];
      const note = (promise) => promise.then(() => codes.push("none"), ({ code }) => codes.push(code));
      if (isRoot) promises.writeFile = fullDisk;
      await note(optimizer.saveState(given, { parameters: true, average }));
      promises.writeFile = writeFile;
      if (isRoot) codes.push(fs.existsSync(given));
      await note(optimizer.saveState(given, { parameters: true, average }));
      const before = hashOf(p.data);
      if (isRoot) {
        const bytes = fs.readFileSync(given);
        for (const [name, damaged] of [["flipped", bytes.map((byte, k) => (k === bytes.length - 9 ? byte ^ 1 : byte))], ["cut", bytes.subarray(0, -5)]]) {
          fs.writeFileSync(given + "-" + name, damaged);
        }
      }
      await note(optimizer.loadState(given + "-flipped", { parameters: true }));
      await note(optimizer.loadState(given + "-cut", { parameters: true }));
      await note(optimizer.loadState(given, { parameters: true, ...(isRoot ? { average } : {}) }));
      await note(optimizer.loadState(given, { strict: true, parameters: true, average }));
      result(world.rank, [codes, before === hashOf(p.data), average.count]);
      await world.close();`;
    const file = join(folder, `middle-${launcher.name}`);
    const [root, other] = resultsOf<[unknown[], boolean, number]>(launcher, script, { ranks: 2, given: file });
    const [damaged, peer] = ["ERR_CHECKPOINT", "ERR_MPI_PEER"];
    expect(root).toEqual([["ENOSPC", false, "none", damaged, damaged, "ERR_MPI_DISAGREE", "none"], true, 1]);
    expect(other).toEqual([[peer, "none", peer, peer, "ERR_MPI_DISAGREE", "none"], true, 1]);
  });

  it("refuses a damaged file, an option and a folder on all ranks, with nothing changed", () => {
    const file = join(folder, "damaged");
    writeFileSync(file, "no checkpoint at all");
    const script = `${model}
      const optimizer = new Sharded(inner, world, { bucket: 9000 });
      await optimizer.broadcast();
      await optimizer.step();
      const before = hashOf(p.data);
      const codes = [];
      const note = (promise) => promise.then(() => codes.push("none"), ({ code }) => codes.push(code));
      await note(optimizer.loadState(given, { parameters: true }));
      await note(optimizer.loadState("/nowhere/at/all"));
      await note(optimizer.saveState("/nowhere/at/all"));
      await note(optimizer.saveState(given, { extra: NaN }));
      await note(rank === 0 ? optimizer.saveState(given) : optimizer.stateDict());
      optimizer.ready(p);
      await note(optimizer.stateDict());
      codes.push((await optimizer.step()).updated);
      result(rank, [codes, before === hashOf(p.data)]);
      await world.close();`;
    const { results, stderr } = runRanks<[unknown[], boolean]>(launcher, script, { ranks: 2, given: file });
    const others = [...Array<string>(4).fill("ERR_MPI_PEER"), "ERR_MPI_DISAGREE", "ERR_BUSY", 1];
    const own = ["ERR_CHECKPOINT", "ENOENT", "ENOENT", "ERR_CHECKPOINT", "ERR_MPI_DISAGREE", "ERR_BUSY", 1];
    expect([results[0]?.[0], results[1]?.[0], stderr]).toEqual([own, others, stderr]);
  });
});
