// A Sharded exchanges parameters and averages on all ranks, with the bits of one process.
import * as adabelief from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { eachLauncher, resultsOf } from "./helpers/ranks";

const shapes = [[5000], [3], [0], [40, 300]];
const wave = (length: number, phase: number) => Float32Array.from({ length }, (_, i) => Math.sin(0.37 * i + phase));
const lengthOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** The same as the ranks' script: values after three steps, with the averages swapped in, and after one more step. */
function alone(): Float32Array[][] {
  const params = shapes.map((shape, k) => adabelief.parameter(wave(lengthOf(shape), k), { shape }));
  const optimizer = new adabelief.AdaBelief(params, { lr: 0.01, ema: { decay: 0.9 } });
  const values = () => params.map(({ data }) => data.slice());
  const step = (count: number) => {
    params.forEach((p, k) => (p.grad = k === 1 ? null : wave(p.data.length, 9 * count + k)));
    optimizer.step();
  };
  for (let count = 0; count < 3; ++count) step(count);
  optimizer.swapEma();
  const swapped = values();
  optimizer.swapEma();
  step(3);
  return [swapped, values()];
}

const body = `
  const world = await mpi.world({ timeout: 30 });
  const wave = (length, phase) => Float32Array.from({ length }, (_, i) => Math.sin(0.37 * i + phase));
  const params = given.map((shape, k) => adabelief.parameter(wave(shape.reduce((a, b) => a * b, 1), k), { shape }));
  const inner = new adabelief.AdaBelief(params, { lr: 0.01, ema: { decay: 0.9 } });
  const optimizer = new Sharded(inner, world, { bucket: 4096 });
  const values = () => params.map(({ data }) => [...new Uint32Array(data.buffer)]);
  const codeOf = (act) => act().then(() => undefined, ({ code }) => code);
  const step = (count) => {
    params.forEach((p, k) => (p.grad = k === 1 ? null : wave(p.data.length, 9 * count + k)));
    return optimizer.step();
  };
  const codes = [await codeOf(() => optimizer.swapEma())];
  for (let count = 0; count < 3; ++count) await step(count);
  const states = [await optimizer.swapEma()];
  const swapped = values();
  codes.push(await codeOf(() => optimizer.step()), await codeOf(() => optimizer.stateDict()), await codeOf(() => optimizer.broadcast()));
  codes.push(await codeOf(async () => optimizer.ready(params[0])));
  const changing = optimizer.swapEma();
  codes.push(await codeOf(() => optimizer.step()));
  states.push(await changing);
  await step(3);
  result(world.rank, { codes, states, swapped, after: values() });
  await world.close();`;

interface Found {
  readonly codes: string[];
  readonly states: boolean[];
  readonly swapped: number[][];
  readonly after: number[][];
}

eachLauncher((launcher) => {
  it.each([1, 2, 4])("on each of %i ranks", (ranks) => {
    const [swapped, after] = alone() as [Float32Array[], Float32Array[]];
    for (const found of resultsOf<Found>(launcher, body, { ranks, given: shapes })) {
      expect(found.codes).toEqual([...Array<string>(5).fill("ERR_AVERAGE"), "ERR_BUSY"]);
      expect(found.states).toEqual([true, false]);
      for (const [wanted, bits] of [
        [swapped, found.swapped],
        [after, found.after],
      ] as const) {
        wanted.forEach((array, k) =>
          expectSameBits(new Float32Array(Uint32Array.from(bits[k] as number[]).buffer), array, `parameter ${k}`),
        );
      }
    }
  });

  it("is refused on all ranks where one does something else, or refuses, and nothing is changed", () => {
    const script = `
      const world = await mpi.world({ timeout: 30 });
      const p = adabelief.parameter(new Float32Array(9000).fill(1), { grad: new Float32Array(9000).fill(0.5) });
      const optimizer = new Sharded(new adabelief.SGD([p], { lr: 1, ema: { decay: 0.5 } }), world);
      await optimizer.step();
      const before = hashOf(p.data);
      const codeOf = (act) => act().then(() => undefined, ({ code }) => code);
      const other = await codeOf(() => world.rank === 0 ? optimizer.swapEma() : optimizer.step());
      const { data } = p;
      if (world.rank === 1) p.data = data.subarray(1);
      const shorter = await codeOf(() => optimizer.swapEma());
      p.data = data;
      result(world.rank, [other, shorter, hashOf(p.data) === before, await optimizer.swapEma()]);
      await world.close();`;
    expect(resultsOf(launcher, script, { ranks: 2 })).toEqual([
      ["ERR_MPI_DISAGREE", "ERR_MPI_PEER", true, true],
      ["ERR_MPI_DISAGREE", "ERR_LENGTH", true, true],
    ]);
  });
});
