// The members of an optimizer and the native table of their memory: what changed since the last step is noticed here.
import { plainError, rangeError } from "./errors";
import type { Group } from "./group";
import type { Member } from "./member";
import { requireSteady, zerosLike } from "./memory";
import { addon, role, statesOfVariants, type Obstacle, type Table } from "./native";
import type { Rule } from "./rule";

/** What one step does, in memory that native code reads: for every row a set of coefficients, or -1. */
export class Work {
  readonly setOfRow: Int32Array;
  readonly variants: Int32Array;
  readonly coefficients: Float32Array;
  sets = 0;

  constructor(rows: number) {
    this.setOfRow = new Int32Array(rows);
    this.variants = new Int32Array(rows);
    this.coefficients = new Float32Array(rows * addon.maxCoefficients);
  }
}

/** The member's state arrays, with zeros for those that it lacks: its own again if a step failed before it wrote them. */
function statesFor(member: Member, count: number): readonly Float32Array[] {
  const { states, bound } = member;
  if (states.length >= count) return states;
  if (bound !== null && bound.states.length === count) return bound.states;
  try {
    return [...states, ...Array.from({ length: count - states.length }, () => zerosLike(member.data, member.length))];
  } catch (cause) {
    throw rangeError(
      "ERR_OUT_OF_MEMORY",
      `${member.label}: no memory for its state of ${count} × ${member.length} floats`,
      cause,
    );
  }
}

export class Tensors<O extends object> {
  readonly members: Member[] = [];
  readonly #table: Table;
  readonly #statesOfVariant: readonly number[];
  #work = new Work(0);

  constructor(readonly rule: Rule<O>) {
    this.#table = new addon.Table(rule.formula);
    this.#statesOfVariant = statesOfVariants(rule.formula);
  }

  /** Registers members. Where their memory cannot be used, none of them is registered. */
  join(members: readonly Member[]): void {
    const before = this.members.length;
    this.#table.resize(before + members.length);
    try {
      for (const member of members) this.#bind(member, null, member.states);
      const obstacle = this.#table.check();
      if (obstacle) throw obstacleError(obstacle, [...this.members, ...members]);
    } catch (error) {
      this.#table.resize(before);
      throw error;
    }
    this.members.push(...members);
    this.#work = new Work(this.members.length);
    this.#table.setWork(this.#work.setOfRow, this.#work.variants, this.#work.coefficients);
  }

  /** One update of every member that has a gradient. Returns how many there were; where it throws, nothing was written. */
  step(groups: readonly Group<O>[]): number {
    const updated = this.#prepare(groups);
    if (updated === 0) return 0;
    const obstacle = this.#table.step(this.#work.sets);
    if (obstacle) throw obstacleError(obstacle, this.members);
    this.#commit();
    return updated;
  }

  /** The same on another thread. All checks are made, and may throw, before it returns. */
  stepAsync(groups: readonly Group<O>[]): Promise<number> {
    const updated = this.#prepare(groups);
    if (updated === 0) return Promise.resolve(0);
    const working = this.members.filter(({ grad }) => grad !== null);
    const arrays = working.flatMap(({ data, out, grad, bound }) => [data, out, grad as Float32Array, ...(bound?.states ?? [])]);
    const { setOfRow, variants, coefficients } = this.#work;
    for (const array of arrays) requireSteady(array);
    const started = this.#table.stepAsync(this.#work.sets, [...arrays, setOfRow, variants, coefficients]);
    if (!("then" in started)) throw obstacleError(started, this.members);
    return started.then(() => {
      this.#commit();
      return updated;
    });
  }

  /** Checks everything, and describes the step to the table. Returns how many members have a gradient. */
  #prepare(groups: readonly Group<O>[]): number {
    for (const group of groups) {
      group.read();
      for (const member of group.members) member.read();
    }
    // No foreign code runs from here on.
    const work = this.#work;
    work.sets = 0;
    let updated = 0;
    for (const group of groups) {
      group.beginStep();
      for (const member of group.members) {
        if (member.grad === null) {
          work.setOfRow[member.index] = -1;
          continue;
        }
        const set = group.set(member.steps + 1, work);
        work.setOfRow[member.index] = set;
        this.#settle(member, this.#statesOfVariant[work.variants[set] as number] as number);
        updated += 1;
      }
    }
    return updated;
  }

  /** Counts a step that is done, and takes over its state. */
  #commit(): void {
    for (const member of this.members) {
      if (member.grad === null) continue;
      member.steps += 1;
      member.states = (member.bound as NonNullable<Member["bound"]>).states;
    }
  }

  /** Makes the table's row true for what the member holds now, with the state arrays that this step needs. */
  #settle(member: Member, stateCount: number): void {
    const { bound, data, out } = member;
    const grad = member.grad as Float32Array;
    const states = statesFor(member, stateCount);
    if (bound === null || data !== bound.data || out !== bound.out || states !== bound.states) {
      this.#bind(member, grad, states);
      return;
    }
    member.requireUnchanged(data, role.data);
    if (out !== data) member.requireUnchanged(out, role.out);
    for (let k = 0; k < states.length; ++k) member.requireUnchanged(states[k] as Float32Array, role.state + k);
    if (grad === bound.grad) {
      member.requireUnchanged(grad, role.grad);
      return;
    }
    const status = this.#table.bindGrad(member.index, grad);
    if (status !== 0) throw member.refusal(status);
    bound.grad = grad;
  }

  #bind(member: Member, grad: Float32Array | null, states: readonly Float32Array[]): void {
    const { data, out } = member;
    const status = this.#table.bind(member.index, member.length, data, out, grad, ...states);
    if (status !== 0) throw member.refusal(status);
    member.bound = { data, out, grad, states };
  }

  /** Forgets every member. */
  leave(): void {
    this.members.length = 0;
    this.#table.resize(0);
  }
}

/** The error for what kept a step from being run. */
export function obstacleError([row, which, otherRow, otherWhich]: Obstacle, members: readonly Member[]): Error {
  const one = members[row] as Member;
  if (otherRow === undefined || otherWhich === undefined) {
    const what = `${one.label}: another step, under way on another thread, is using its ${one.nameOf(which)}`;
    return plainError("ERR_LEASED", `${what}; await stepAsync() first`);
  }
  const other = members[otherRow] as Member;
  const tied = which === role.data && otherWhich === role.data;
  const advice = tied
    ? "Tied weights are one parameter: register it once and add up its gradients."
    : "A step writes to its parameters and states, so that nothing else may lie there.";
  const where = `${one.nameOf(which)} of ${one.label.toLowerCase()} and ${other.nameOf(otherWhich)} of ${other.label.toLowerCase()}`;
  return rangeError("ERR_OVERLAP", `Overlap in memory: ${where}. ${advice}`);
}
