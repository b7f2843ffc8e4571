// What one rank alone passes too much, or what throws there when it is looked at: every rank gets an error, none waits, and the next call
// works.
import { model } from "./helpers/model";
import { eachLauncher, resultsOf } from "./helpers/ranks";

const acts: [method: string, act: string, message: RegExp][] = [
  ["step", "step({}, ...more)", /ERR_INVALID_OPTION: step takes nothing after its options, got an object/],
  ["stepAsync", "stepAsync(undefined, ...more)", /ERR_INVALID_OPTION: step takes nothing after its options, got an object/],
  ["broadcast", "broadcast(...more)", /ERR_INVALID_OPTION: broadcast takes no argument, got an object/],
  ["stateDict", "stateDict(...more)", /ERR_INVALID_OPTION: stateDict of a Sharded takes no argument, got an object/],
  ["saveState", "saveState(path, {}, ...more)", /ERR_INVALID_OPTION: saveState takes nothing after its options, got an object/],
  ["loadState", "loadState(path, {}, ...more)", /ERR_INVALID_OPTION: loadState takes nothing after its options, got an object/],
];

type Codes = [code: string | null, message: string][];

const script = (other: number, prepare: string, act: string, undo: string) => `${model()}
  const path = require("node:path").join(process.env.RESULTS, "saved");
  await optimizer.saveState(path);
  let more = [];
  const ended = [];
  const run = () => attempt(async () => void (await optimizer.${act}));
  if (rank === ${other}) { ${prepare} }
  ended.push(await run());
  if (rank === ${other}) { ${undo} }
  ended.push(await run());
  result(rank, ended.map(({ code = null, message = "", changed }, k) => [code, message, k === 0 && changed]));
  await world.close();`;

eachLauncher((launcher) => {
  it.each(acts.flatMap(([method, act, message]) => [0, 1].map((rank) => [method, rank, act, message] as const)))(
    "%s with one argument more on rank %i",
    (_, other, act, message) => {
      const code = script(other, "more = [{ gradScale: 2 }]", act, "more = []");
      const found = resultsOf<Codes>(launcher, code, { ranks: 2 });
      const peer = found[1 - other];
      expect(peer?.[0]).toEqual(["ERR_MPI_PEER", expect.stringMatching(message), false]);
      expect(found[other]?.[0]?.[0]).toBe("ERR_INVALID_OPTION");
      expect(found.map((ended) => ended[1]?.[0])).toEqual([null, null]);
    },
  );

  it.each(["step()", "stateDict()", "saveState(path)", "loadState(path)", "broadcast()"])(
    "%s where a parameter throws on one rank",
    (act) => {
      const throwing = `Object.defineProperty(weight, "data", { configurable: true, get() { throw new Error("mine"); } })`;
      const whole = `Object.defineProperty(weight, "data", { configurable: true, writable: true, value: data })`;
      const code = script(1, throwing, act, whole).replaceAll("hashOf(weight.data, bias.data)", "hashOf(data, bias.data)");
      const found = resultsOf<Codes>(launcher, code, { ranks: 2 });
      const message = /Parameter 0 \(weight\): its getter, setter or proxy threw, and it must not: mine$/;
      expect(found[0]?.[0]).toEqual(["ERR_MPI_PEER", expect.stringMatching(message), false]);
      expect(found[1]?.[0]).toEqual(["ERR_INVALID_PARAMETER", expect.stringMatching(message), false]);
      expect(found.map((ended) => ended[1]?.[0])).toEqual([null, null]);
    },
  );
});
