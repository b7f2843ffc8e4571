// Every optimizer over ranks has the bits of one process.
import { createHash } from "node:crypto";
import { join } from "node:path";
import * as adabelief from "../../lib";
import { forms, type Form } from "../helpers/family";
import { eachLauncher, resultsOf } from "./helpers/ranks";
import * as train from "./helpers/train.cjs";

const path = join(__dirname, "helpers", "train.cjs");

type Case = Pick<Form, "optimizer" | "options" | "lookahead"> & { title: string; clipped: boolean };

/** The forms as they are, and clipped. */
const cases: Case[] = forms.flatMap((form) =>
  [false, true].map((clipped) => ({ ...form, clipped, title: `${form.title}${clipped ? ", clipped" : ""}` })),
);

const steps = 4;

const hashOf = (arrays: readonly Float32Array[]): string => {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of arrays) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex").slice(0, 16);
};

const alone = new Map<number, [string, (number | null)[]][]>();
const referenceOf = (batches: number) => {
  const known = alone.get(batches);
  if (known !== undefined) return known;
  const made = cases.map((one): [string, (number | null)[]] => {
    const { parameters, norms } = train.trainAlone(adabelief, one, { steps, batches });
    return [hashOf(parameters.map(({ data }) => data)), norms];
  });
  alone.set(batches, made);
  return made;
};

const body = `
  const train = require(${JSON.stringify(path)});
  const world = await mpi.world({ timeout: 60 });
  const found = [];
  for (const one of given.cases) {
    const parameters = train.makeParameters(adabelief);
    const optimizer = new Sharded(train.makeOptimizer(adabelief, parameters, one), world, { bucket: 9000 });
    const order = given.ready ? train.shuffled : undefined;
    const options = { steps: given.steps, batches: given.batches, order };
    const norms = await train.trainSharded(adabelief, optimizer, parameters, world, one, options);
    found.push([hashOf(...parameters.map(({ data }) => data)), norms]);
    optimizer.dispose();
  }
  result(world.rank, found);
  await world.close();`;

eachLauncher((launcher) => {
  it.each([
    [1, 1, false],
    [1, 1, true],
    [2, 2, false],
    [2, 2, true],
    [3, 3, false],
    [3, 3, true],
    [4, 4, false],
    [4, 4, true],
    [2, 8, false],
    [4, 8, true],
  ])("%i ranks with %i micro-batches, ready: %p: 0 bits differ", (ranks, batches, ready) => {
    const found = resultsOf<[string, (number | null)[]][]>(launcher, body, { ranks, given: { cases, steps, batches, ready } });
    const expected = referenceOf(batches);
    found.forEach((ofRank, rank) => {
      const differing = cases.filter((_, k) => JSON.stringify(ofRank[k]) !== JSON.stringify(expected[k]));
      expect({ rank, differing: differing.map(({ title }) => title) }).toEqual({ rank, differing: [] });
    });
  });
});
