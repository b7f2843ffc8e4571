// One native step over all variables: new values go into memory of their own, and nothing is written unless all of it can be.
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { hostZeros } from "../arrays/memory";
import { plainError, rangeError, typeError } from "../errors";
import { addon, elementType, host, role, type Obstacle, type Table } from "../native/engine";
import type { Rule, Step } from "../rule/rule";
import { StepRequest } from "../step/step-request";
import type { Memory, Room } from "./memory";
import type { Slot } from "./slot";

/** A variable that a step updates. */
export interface Update {
  readonly variable: Variable;
  readonly gradient: Tensor;
  readonly slot: Slot;
  readonly decays: boolean;
}

/** What holds for all variables of a step. */
export interface StepValues<O> {
  /** Of the variables that decay, and of those that do not. */
  readonly options: readonly [decaying: O, others: O];
  /** The number of the step, from 1. */
  readonly t: number;
  readonly maxGradNorm: number | undefined;
}

/** The memory of one variable. */
interface Row {
  data: Float32Array;
  readonly out: Float32Array;
  grad: Float32Array;
}

const roleName = (which: number) => (which === role.grad ? "gradient" : which === role.data ? "values" : "state");

export class VariablesStep<O extends object> {
  readonly #table: Table;
  readonly #rule: Rule<O>;
  readonly #write: readonly [Step<O>, Step<O>];
  #request = new StepRequest(0);
  #rows = -1;

  /** @param states how many arrays the state of a variable has */
  constructor(
    rule: Rule<O>,
    private readonly states: number,
  ) {
    this.#rule = rule;
    this.#table = new addon.Table(rule.formula);
    this.#write = [rule.makeStep(), rule.makeStep()];
  }

  /** Writes the new values of variables into rooms, and their new state into their slots. Throws before anything is written. */
  run(updates: readonly Update[], memory: Memory, rooms: readonly Room[], values: StepValues<O>): void {
    this.#begin(updates, values);
    // All that may move memory has happened: from here on addresses are good.
    const rows = updates.map(({ variable, gradient }, i): Row => {
      return { data: memory.values(variable), out: (rooms[i] as Room).values(), grad: memory.values(gradient) };
    });
    for (let i = 0; i < rows.length; ++i) this.#bind(updates, rows, i);
    for (let obstacle = this.#table.step(2); obstacle !== null; obstacle = this.#table.step(2)) {
      this.#bind(updates, rows, separate(updates, rows, obstacle));
    }
  }

  /** Requests two sets of coefficients, for variables that decay and others. */
  #begin(updates: readonly Update[], { options, t, maxGradNorm }: StepValues<O>): void {
    if (this.#rows !== updates.length) {
      this.#rows = updates.length;
      this.#table.resize(this.#rows);
      this.#request = new StepRequest(Math.max(this.#rows, 2));
      this.#request.give(this.#table);
    }
    const request = this.#request;
    request.begin(maxGradNorm === undefined ? {} : { maxGradNorm });
    const update = { t, fresh: false, lookahead: null, begins: false, ema: null, beginsEma: false };
    const sets = options.map((own, k) => request.add(this.#rule, this.#write[k] as Step<O>, own, update));
    for (let i = 0; i < updates.length; ++i) request.setOfRow[i] = sets[(updates[i] as Update).decays ? 0 : 1] as number;
  }

  /** Gives a row its memory. State that a slot lacks is made here. */
  #bind(updates: readonly Update[], rows: readonly Row[], i: number): void {
    const { variable, slot } = updates[i] as Update;
    const { data, out, grad } = rows[i] as Row;
    const { size } = variable;
    if (slot.arrays.length === 0) slot.arrays = Array.from({ length: this.states }, () => hostZeros(size, out));
    const [m, v, largest = null] = slot.arrays as [Float32Array, Float32Array, Float32Array?];
    const refused = this.#table.bind(i, size, host, data, out, grad, m, v, largest, null, null, elementType.float32, 0, 0);
    if (refused === null) return;
    const what = `The ${roleName(refused.role)} of variable ${JSON.stringify(variable.name)}`;
    throw typeError("ERR_DETACHED", `${what} lost its memory`);
  }
}

/**
 * Takes away what prevents a step: values or a gradient that are another tensor's memory, too, are copied. Such are clones on the cpu
 * backend, and variables that began with the same tensor. Returns the row that changed.
 */
function separate(updates: readonly Update[], rows: readonly Row[], { row, role: one, otherRow, otherRole }: Obstacle): number {
  const nameOf = (index: number) => JSON.stringify((updates[index] as Update).variable.name);
  if (otherRow === undefined || otherRole === undefined) {
    const what = `The ${roleName(one)} of variable ${nameOf(row)}`;
    throw plainError("ERR_LEASED", `${what} is in use by a step under way on another thread; await stepAsync() first`);
  }
  if (one === role.grad) {
    const changed = rows[row] as Row;
    changed.grad = changed.grad.slice();
    return row;
  }
  const index = otherRole === role.data ? otherRow : row;
  const changed = rows[index] as Row;
  if ((otherRole !== role.data && one !== role.data) || changed.data === changed.out) {
    throw rangeError("ERR_OVERLAP", `The memory of variables ${nameOf(row)} and ${nameOf(otherRow)} overlaps`);
  }
  changed.out.set(changed.data);
  changed.data = changed.out;
  return index;
}
