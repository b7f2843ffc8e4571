// The memory baseline: the same number of arrays of the same lengths, aligned to cache lines and on huge pages, read and written
// with one addition each.
import { cpu } from "..";
import { addon, elementType, host, type Table } from "../native/engine";
import { StepRequest } from "../step/step-request";
import type { Pass, Variant } from "./cases";
import type { Entry } from "./contestants";

/** A table keeps no memory alive: its arrays live as long as it does. */
const arraysOf = new WeakMap<object, Float32Array[]>();

type Arrays = readonly Float32Array[];

function makeTable(tensors: readonly Arrays[], states: number): Table {
  const table = new addon.Table("bandwidth_baseline");
  const request = new StepRequest(tensors.length);
  table.resize(tensors.length);
  tensors.forEach((arrays, row) => {
    const [data, grad, first, second, third] = arrays as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
    const state = (array: Float32Array, k: number) => (k < states ? array : null);
    table.bind(
      row,
      data.length,
      host,
      data,
      data,
      grad,
      state(first, 0),
      state(second, 1),
      state(third, 2),
      null,
      null,
      elementType.float32,
      0,
      0,
    );
  });
  request.variants[0] = states;
  request.setOfRow.fill(0); // all rows take part
  request.give(table);
  arraysOf.set(table, tensors.flat());
  return table;
}

/** `count` arrays of ones for each length. Arrays of several tensors share one block, so that small ones also lie on huge pages.
 * Each begins at a cache line. */
function arraysFor(lengths: readonly number[], count: number): Float32Array[][] {
  if (lengths.length === 1) return [Array.from({ length: count }, () => cpu.allocate(lengths[0] as number).fill(1))];
  const room = (length: number) => Math.ceil(length / 16) * 16;
  const block = cpu.allocate(count * lengths.reduce((sum, length) => sum + room(length), 0)).fill(1);
  let end = 0;
  return lengths.map((length) =>
    Array.from({ length: count }, () => {
      const begin = end;
      end += room(length);
      return block.subarray(begin, begin + length);
    }),
  );
}

/** The memory baseline of a variant's steps, for each number of threads. */
export function bandwidthBaselines(lengths: readonly number[], variant: Variant, threads: readonly number[]): Entry[] {
  const states = Math.max(...variant.steps.flat().map((pass) => ("states" in pass ? pass.states : 0)));
  const tensors = arraysFor(lengths, 2 + states);
  const tables = new Map<number, Table>();
  const runOf = (pass: Pass): (() => void) => {
    if ("reads" in pass) {
      const arrays = tensors.flatMap((list) => list.slice(2 - pass.reads, 2));
      return () => void addon.read(arrays);
    }
    const table = tables.get(pass.states) ?? makeTable(tensors, pass.states);
    tables.set(pass.states, table);
    return () => void table.step(1);
  };
  const steps = variant.steps.map((list) => list.map(runOf));
  let t = 0;
  return threads.map((count) => ({
    ...{ optimizer: "limit", mode: "sync", backend: "limit", threads: count, memory: "allocated" },
    prepare: () => void Object.assign(cpu, { backend: cpu.backends[0], threads: count }),
    run: () => {
      for (const pass of steps[t++ % steps.length] as (() => void)[]) pass();
    },
  }));
}
