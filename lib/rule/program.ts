// Programs that compute coefficients where the number of a step is known: on a device. native/core/program.h runs them.
import { plainError } from "../errors";
import { live, operation } from "../native/engine";

/** The result of an operation: its number. */
export class Value {
  constructor(readonly index: number) {}
}

/** What an operation takes: a number, or the result of another one. */
export type Operand = number | Value;

/** An operation and its three operands. */
const words = 4;

/**
 * The operations that lead from the number of a step, `t`, to the coefficients that depend on it. Each is one operation of doubles, rounded
 * once, as the same one in JavaScript is: with the same order of operations the bits are the same.
 */
export class Program {
  #count = 0;
  readonly #variants: number[] = [];

  /** @param memory room for the operations */
  constructor(readonly memory: Float64Array) {}

  /** Forgets all operations. */
  begin(): void {
    this.#count = 0;
    this.#variants.length = 0;
  }

  /** How many operations there are. */
  get count(): number {
    return this.#count;
  }

  /** The variants that a step can have; none: the one that it has at all times. */
  get variants(): readonly number[] {
    return this.#variants;
  }

  /** The number of the step, from 1. */
  t(): Value {
    return this.#add(operation.step);
  }

  /** base^t, with the bits of `makePower`. */
  power(base: number): Value {
    return this.#add(operation.power, base);
  }

  plus(a: Operand, b: Operand): Value {
    return this.#binary(operation.add, a, b);
  }

  minus(a: Operand, b: Operand): Value {
    return this.#binary(operation.subtract, a, b);
  }

  times(a: Operand, b: Operand): Value {
    return this.#binary(operation.multiply, a, b);
  }

  over(a: Operand, b: Operand): Value {
    return this.#binary(operation.divide, a, b);
  }

  negative(a: Operand): Value {
    return this.#add(operation.negate, this.#index(a));
  }

  root(a: Operand): Value {
    return this.#add(operation.root, this.#index(a));
  }

  /** 1 where a < b, else 0. */
  isBelow(a: Operand, b: Operand): Value {
    return this.#binary(operation.less, a, b);
  }

  /** 1 where a ≥ b, else 0. */
  isAtLeast(a: Operand, b: Operand): Value {
    return this.#binary(operation.at_least, a, b);
  }

  /** a where the condition is not 0, else b. Both are computed. */
  choose(condition: Value, a: Operand, b: Operand): Value {
    return this.#add(operation.choose, condition.index, this.#index(a), this.#index(b));
  }

  /** Makes a value, rounded to float32, the coefficient at a slot. */
  store(slot: number, value: Operand): void {
    this.#add(operation.store, slot, this.#index(value));
  }

  /** The variant of the step: one of two where it depends on a condition. */
  variant(one: number): void;
  variant(condition: Value, one: number, other: number): void;
  variant(...given: [number] | [Value, number, number]): void {
    const [condition, one, other] = given.length === 1 ? [undefined, given[0], given[0]] : given;
    this.#variants.push(one);
    if (condition === undefined || other === one) return;
    this.#variants.push(other);
    this.#add(operation.variant, this.choose(condition, one, other).index);
  }

  #binary(op: number, a: Operand, b: Operand): Value {
    return this.#add(op, this.#index(a), this.#index(b));
  }

  #index(operand: Operand): number {
    return typeof operand === "number" ? this.#add(operation.number, operand).index : operand.index;
  }

  #add(op: number, a = 0, b = 0, c = 0): Value {
    const at = this.#count * words;
    if (at >= this.memory.length) throw plainError("ERR_INVALID_OPTION", `A program has more than ${live.most} operations`);
    this.memory[at] = op;
    this.memory[at + 1] = a;
    this.memory[at + 2] = b;
    this.memory[at + 3] = c;
    return new Value(this.#count++);
  }
}
