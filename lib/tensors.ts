// The members of an optimizer and the native table of their memory: what changed since the last step is noticed here.
import { arrayKind, plainError, rangeError } from "./errors";
import type { Group } from "./group";
import type { Member } from "./member";
import { requireSteady, zerosLike } from "./memory";
import { addon, role, rowState, statesOfVariants, type Obstacle, type Table } from "./native";
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

/** Refuses parameters that lie over each other, as far as they hold memory at all. */
function requireApart(members: readonly Member[]): void {
  const places = members.flatMap((member) => {
    const { data, out = data } = member.parameter;
    const named = [{ member, which: role.data as number, array: data }];
    if (out !== data) named.push({ member, which: role.out, array: out });
    return named.filter(({ array }) => arrayKind(array) === "Float32Array");
  });
  const overlap = addon.overlap(places.map(({ array }) => array));
  if (overlap === null) return;
  const [one, other] = overlap.map((k) => places[k] as (typeof places)[number]) as [
    (typeof places)[number],
    (typeof places)[number],
  ];
  throw obstacleError([one.member.index, one.which, other.member.index, other.which], members);
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

  /** Registers members. Where two parameters overlap, none of them is registered. Their memory is looked up when they first step. */
  join(members: readonly Member[]): void {
    const all = [...this.members, ...members];
    requireApart(all);
    this.#table.resize(all.length);
    this.members.push(...members);
    this.#work = new Work(all.length);
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
    const work = this.#work;
    work.sets = 0;
    let updated = 0;
    for (const group of groups) {
      group.beginStep();
      for (const member of group.members) {
        if (member.grad === null) {
          member.set = rowState.skipped;
          continue;
        }
        member.set = group.set(member.steps + 1, work);
        member.wanted = statesFor(member, this.#statesOfVariant[work.variants[member.set] as number] as number);
        updated += 1;
      }
    }
    // No foreign code runs from here on: no accessor, no iterator, no method that somebody could have replaced.
    const { members } = this;
    for (let i = 0; i < members.length; ++i) {
      const member = members[i] as Member;
      if (member.set === rowState.skipped) {
        work.setOfRow[i] = this.#rest(member);
      } else {
        this.#settle(member);
        work.setOfRow[i] = member.set;
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
  #settle(member: Member): void {
    const { bound, data, out, wanted } = member;
    const grad = member.grad as Float32Array;
    if (bound === null || data !== bound.data || out !== bound.out || wanted !== bound.states) {
      this.#bind(member, grad, wanted);
      return;
    }
    member.requireUnchanged(data, role.data);
    if (out !== data) member.requireUnchanged(out, role.out);
    for (let k = 0; k < wanted.length; ++k) member.requireUnchanged(wanted[k] as Float32Array, role.state + k);
    if (grad === bound.grad) {
      member.requireUnchanged(grad, role.grad);
      return;
    }
    const status = this.#table.bindGrad(member.index, grad);
    if (status !== 0) throw member.refusal(status);
    bound.grad = grad;
  }

  /** A member without a gradient takes no part, but nothing may be written over it: so far as its memory can be used at all. */
  #rest(member: Member): number {
    const { bound, data, out, states } = member;
    const same = bound !== null && data === bound.data && out === bound.out && states === bound.states;
    if (same && member.unchanged()) return rowState.skipped;
    member.bound = null;
    const status = this.#bindRow(member, null, states);
    if (status !== 0) return rowState.ignored;
    member.bound = { data, out, grad: null, states };
    return rowState.skipped;
  }

  #bind(member: Member, grad: Float32Array, states: readonly Float32Array[]): void {
    const { data, out } = member;
    const status = this.#bindRow(member, grad, states);
    if (status !== 0) throw member.refusal(status);
    member.bound = { data, out, grad, states };
  }

  #bindRow(member: Member, grad: Float32Array | null, states: readonly Float32Array[]): number {
    const { index, length, data, out } = member;
    const count = states.length;
    const first = count > 0 ? states[0] : undefined;
    const second = count > 1 ? states[1] : undefined;
    return this.#table.bind(index, length, data, out, grad, first, second, count > 2 ? states[2] : undefined);
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
