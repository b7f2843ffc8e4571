// Every pair of features works over ranks, with the bits of one process, or is refused with a code on every rank.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as adabelief from "../../lib";
import { eachLauncher, resultsOf } from "./helpers/ranks";
import * as features from "./helpers/features.cjs";

const path = join(__dirname, "helpers", "features.cjs");
const ranks = 2;

/** The features that are refused over ranks, alone and with others, in the order in which a step checks them. */
const refused: Record<string, string> = {
  closure: "ERR_INVALID_OPTION", // gradients come before the step
  sparse: "ERR_SPARSE", // whole gradients are exchanged
  out: "ERR_INVALID_PARAMETER", // parameters are updated in place
};

const codeOf = (pair: readonly string[], rank = 0): string | undefined => {
  // Averages are of all parameters. Rank 0's arguments are what counts.
  if (pair.includes("strict: false") && pair.includes("WeightAverage")) return rank === 0 ? "ERR_INVALID_OPTION" : "ERR_MPI_PEER";
  if (pair.includes("lookahead") && pair.includes("Lookahead")) return "ERR_INVALID_OPTION"; // there is one
  if (pair.includes("sparse_step: row") && pair.some((one) => /lookahead/i.test(one))) return "ERR_INVALID_OPTION"; // as in one process
  return Object.entries(refused).find(([one]) => pair.includes(one))?.[1];
};

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "adabelief-mpi-features-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Ended = Partial<features.Summary> & { code?: string };

const body = `
  const { train, pairs, summaryOf } = require(${JSON.stringify(path)});
  const world = await mpi.world({ timeout: 60 });
  const found = [];
  for (const pair of pairs) {
    const wrap = (inner) => new Sharded(inner, world, { bucket: 5000 });
    const run = train(adabelief, pair, { wrap, world, ranks: world.size, folder: given });
    // Only rank 0 has the dict.
    found.push(await run.then(summaryOf, ({ code, message }) => ({ code, hash: code ? "" : message })));
  }
  result(world.rank, found);
  await world.close();`;

const known = new Map<boolean, Promise<Ended[]>>();
const alone = (withDict: boolean): Promise<Ended[]> => {
  const promise = known.get(withDict) ?? trainAlone(withDict);
  known.set(withDict, promise);
  return promise;
};

async function trainAlone(withDict: boolean): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (const pair of features.pairs) {
    if (codeOf(pair) !== undefined) {
      ended.push({});
      continue;
    }
    const run = await features.train(adabelief, pair, { ranks, folder });
    ended.push(features.summaryOf(withDict ? run : { ...run, dict: null }));
  }
  return ended;
}

eachLauncher((launcher) => {
  it("each feature alone and every pair: the bits of one process, or a code", async () => {
    const found = resultsOf<Ended[]>(launcher, body, { ranks, given: folder, deadline: 110 });
    for (const [rank, ofRank] of found.entries()) {
      const wanted = await alone(rank === 0);
      const differing = features.pairs.flatMap((pair, k) => {
        const [one, other] = [ofRank[k] as Ended, wanted[k] as Ended];
        const code = codeOf(pair, rank);
        const same =
          code === undefined
            ? one.hash === other.hash && JSON.stringify(one.reports) === JSON.stringify(other.reports)
            : one.code === code;
        return same ? [] : [{ pair: pair.join(" + "), one: { ...one }, wanted: code ?? other }];
      });
      expect({ rank, differing }).toEqual({ rank, differing: [] });
    }
  });
});
