// Who runs: the step on every backend, and a plain JavaScript loop.
import { cpu, parameter, type Parameter, type StepOptions } from "..";
import { warmUp, type Memory, type Mode, type Variant } from "./cases";
import { javascriptStep, type LoopState } from "./javascript";
import type { Contestant } from "./statistics";

export interface Entry extends Contestant {
  readonly optimizer: string;
  readonly mode: Mode;
  readonly backend: string;
  readonly threads: number;
  readonly memory: Memory;
  /** The bytes that it moves for one parameter, where they are not those of the variant. */
  readonly bytes?: number;
}

type Bench = Parameter & { grad: Float32Array };

/** The first dimension of a tensor for the measurement of centralization: about its square root, a divisor. */
export function rowsOf(length: number): number {
  for (let rows = Math.floor(Math.sqrt(length)); rows > 1; --rows) if (length % rows === 0) return rows;
  return 1;
}

/** Parameters with values and gradients that no two elements share. */
export function makeParameters(lengths: readonly number[], memory: Memory): Bench[] {
  const make = (length: number) => (memory === "allocated" ? cpu.allocate(length) : new Float32Array(length));
  return lengths.map((length, k) => {
    const data = make(length);
    const grad = make(length);
    for (let i = 0; i < length; ++i) {
      data[i] = Math.sin(i + k);
      grad[i] = Math.cos(1.7 * i + k) * 1e-2;
    }
    const rows = rowsOf(length);
    return { ...parameter(data, { shape: [rows, length / rows] }), grad };
  });
}

/** A function that gives every parameter the other one of two gradients. */
function renewer(parameters: readonly Bench[]): () => void {
  const sets = [parameters.map(({ grad }) => grad), parameters.map(({ grad }) => grad.slice())];
  let turn = 0;
  return () => {
    const gradients = sets[(turn ^= 1)] as Float32Array[];
    for (let k = 0; k < parameters.length; ++k) (parameters[k] as Bench).grad = gradients[k] as Float32Array;
  };
}

export interface Field {
  readonly lengths: readonly number[];
  readonly variant: Variant;
  readonly backends: readonly string[];
  readonly threads: readonly number[];
  readonly modes: readonly Mode[];
  readonly memories: readonly Memory[];
}

/**
 * The step on each backend and number of threads, and for the plain variant a JavaScript loop. Each backend has its own parameters,
 * because shared ones would be in the caches already for the second backend.
 */
export function optimizers({ lengths, variant, backends, threads, modes, memories }: Field): Entry[] {
  const fields = memories.flatMap((memory) => backends.map((backend) => ({ memory, backend })));
  return fields.flatMap(({ memory, backend }, k) => {
    const parameters = makeParameters(lengths, memory);
    const optimizer = variant.make(parameters);
    for (let step = 0; step < warmUp; ++step) optimizer.step(variant.step);
    const renew = variant.newGradients === true ? renewer(parameters) : () => undefined;
    // A step of no arguments is what most programs have.
    const step = (options: StepOptions | undefined) => {
      renew();
      return options === undefined ? optimizer.step() : optimizer.step(options);
    };
    const native = threads.flatMap((count) =>
      modes.map((mode): Entry => ({
        ...{ optimizer: variant.optimizer, mode, backend, threads: count, memory },
        prepare: () => void Object.assign(cpu, { backend, threads: count }),
        run: mode === "sync" ? () => void step(variant.step) : () => (renew(), optimizer.stepAsync(variant.step)),
      })),
    );
    if (variant.name !== "plain" || k < fields.length - 1) return native;
    const states = parameters.map((p) => optimizer.state.get(p) as unknown as LoopState);
    let t = warmUp;
    const loop: Entry = {
      ...{ optimizer: "JavaScript loop", mode: "sync", backend: "javascript", threads: 1, memory },
      run: () => {
        t += 1;
        parameters.forEach(({ data, grad }, i) => javascriptStep(data, grad, states[i] as LoopState, t));
      },
    };
    return [...native, loop];
  });
}
