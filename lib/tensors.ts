// The members of an optimizer and the native table of their memory: what changed since the last step is noticed here.
import { plainError, rangeError } from "./errors";
import { nativeOf, placeOf, zerosLike, type Floats } from "./floats";
import type { Group } from "./group";
import type { Member } from "./member";
import { addon, gradients, host, role, rowState, statesOfVariants, type NativeFloats, type Obstacle, type Table } from "./native";
import { pin } from "./pin";
import type { Rule } from "./rule";
import type { ReadStepOptions, StepReport } from "./step-options";
import { Work } from "./work";

/** Zeros for a member's state. */
function zerosFor({ data, length, label }: Member, stream: bigint, what: string): Floats {
  try {
    return zerosLike(data, length, stream);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "ERR_OUT_OF_MEMORY") throw cause;
    throw rangeError("ERR_OUT_OF_MEMORY", `${label}: no memory for its ${what} of ${length} floats`, cause);
  }
}

/** Gives the member the state arrays that this step needs, zeros where it lacks some: those of before if a step failed since. */
function wantStates(member: Member, count: number, stream: bigint): void {
  const { states, wanted } = member;
  if (states.length >= count) member.wanted = states;
  else if (wanted.length !== count) {
    const next = wanted.slice(0, count);
    member.wanted = next; // also where one of them cannot be had: the others are there for the next try
    while (next.length < count) next.push(zerosFor(member, stream, "state"));
  }
}

/** Refuses parameters that lie over each other, as far as they hold memory at all. */
function requireApart(members: readonly Member[]): void {
  const places = members.flatMap((member) => {
    const { data, out = data } = member.parameter;
    const named = [{ member, which: role.data, array: data }];
    if (out !== data) named.push({ member, which: role.out, array: out });
    return named.filter(({ array }) => placeOf(array) !== undefined);
  });
  const overlap = addon.overlap(places.map(({ array }) => nativeOf(array)));
  if (overlap === null) return;
  const [one, other] = overlap.map((k) => places[k] as (typeof places)[number]) as [
    (typeof places)[number],
    (typeof places)[number],
  ];
  const obstacle = { row: one.member.index, role: one.which, otherRow: other.member.index, otherRole: other.which };
  throw obstacleError(obstacle, members);
}

export class Tensors<O extends object> {
  readonly members: Member[] = [];
  readonly #table: Table;
  readonly #statesOfVariant: readonly number[];
  #work = new Work(0);
  // The gradients of this step that are other arrays than before, and how many.
  #rowsOfNewGrads = new Int32Array(0);
  readonly #grads: (NativeFloats | null)[] = [];
  #newGrads = 0;
  /** Whether any member lies on a device. */
  #onDevice = false;
  #stream = 0n;

  constructor(readonly rule: Rule<O>) {
    this.#table = new addon.Table(rule.formula);
    this.#statesOfVariant = statesOfVariants(rule.formula);
  }

  /** Registers members. Where two parameters overlap, none of them is registered. Their memory is looked up when they first step. */
  join(members: readonly Member[]): void {
    const all = [...this.members, ...members];
    requireApart(all);
    this.#table.resize(all.length);
    for (const { index, dimensions, first } of members) this.#table.shape(index, dimensions, first);
    this.members.push(...members);
    this.#onDevice ||= members.some(({ place }) => place !== host);
    this.#work = new Work(all.length);
    this.#rowsOfNewGrads = new Int32Array(all.length);
    while (this.#grads.length < all.length) this.#grads.push(null);
    this.#work.give(this.#table);
  }

  /** One update of every member that has a gradient. Where it throws, nothing was written. */
  step(groups: readonly Group<O>[], options: ReadStepOptions): StepReport {
    const updated = this.#prepare(groups, options);
    if (updated === 0) return { updated, skipped: false };
    const obstacle = this.#table.step(this.#work.sets);
    if (obstacle) throw obstacleError(obstacle, this.members);
    return this.#commit(updated);
  }

  /** The same on another thread. All checks are made, and may throw, before it returns. */
  stepAsync(groups: readonly Group<O>[], options: ReadStepOptions): Promise<StepReport> {
    const updated = this.#prepare(groups, options);
    if (updated === 0) return Promise.resolve({ updated, skipped: false });
    const started = this.#table.stepAsync(this.#work.sets, this.#pinAll());
    if (!("then" in started)) throw obstacleError(started, this.members);
    return started.then(() => this.#commit(updated));
  }

  /**
   * Pins everything that a step on another thread uses, and returns it. Pinning calls functions that a program may have replaced: where
   * something was pinned, memory is checked again.
   */
  #pinAll(): object[] {
    const { members } = this;
    const owners: object[] = [this.#work];
    let place = host;
    let pinned = false;
    const own = (array: Floats) => {
      if (place === host && pin(array as Float32Array)) pinned = true;
      owners[owners.length] = array;
    };
    for (let i = 0; i < members.length; ++i) {
      const member = members[i] as Member;
      const { data, out, grad, bound } = member;
      if (grad === null || bound === null) continue;
      place = member.place;
      own(data);
      own(out);
      own(grad);
      for (let k = 0; k < bound.states.length; ++k) own(bound.states[k] as Floats);
      if (bound.slow !== null) own(bound.slow);
    }
    if (pinned) this.#settleAll();
    return owners;
  }

  /** Checks everything, and describes the step to the table. Returns how many members have a gradient. */
  #prepare(groups: readonly Group<O>[], options: ReadStepOptions): number {
    for (const group of groups) {
      group.read();
      for (const member of group.members) member.read();
    }
    const { stream = 0n } = options;
    this.#useStream(stream);
    const work = this.#work;
    work.begin();
    if (options.gradScale !== undefined) work.gradients[gradients.scale] = options.gradScale;
    if (options.maxGradNorm !== undefined) work.gradients[gradients.maxNorm] = options.maxGradNorm;
    if (options.skipNonFinite === true) work.gradients[gradients.skipNonFinite] = 1;
    const shared = this.rule.oneCount === true ? 1 + Math.max(...this.members.map(({ steps }) => steps)) : undefined;
    let updated = 0;
    for (const group of groups) {
      group.beginStep();
      for (const member of group.members) {
        if (member.grad === null) {
          member.set = rowState.skipped;
          continue;
        }
        member.t = shared ?? member.steps + 1;
        member.set = group.set(member, work);
        if (group.lookahead === null || member.slow !== null) member.wantedSlow = member.slow;
        else member.wantedSlow ??= zerosFor(member, stream, "slow weights");
        wantStates(member, this.#statesOfVariant[work.variants[member.set] as number] as number, stream);
        updated += 1;
      }
    }
    this.#settleAll();
    return updated;
  }

  /**
   * Checks all memory, and tells the table where it changed. No foreign code runs from here to the native step: no accessor, no iterator,
   * no method that a program could have replaced.
   */
  #settleAll(): void {
    const { members } = this;
    const work = this.#work;
    this.#newGrads = 0;
    for (let i = 0; i < members.length; ++i) {
      const member = members[i] as Member;
      if (member.set === rowState.skipped) {
        work.setOfRow[i] = this.#rest(member);
      } else {
        this.#settle(member);
        work.setOfRow[i] = member.set;
      }
    }
    this.#bindGrads();
  }

  #useStream(stream: bigint): void {
    if (stream === this.#stream) return;
    if (!this.#onDevice) throw rangeError("ERR_CUDA_STREAM", "stream: none of the parameters lies on a device");
    this.#table.setStream(stream);
    this.#stream = stream;
    // Zeros that a refused step left were written in the order of the other stream.
    for (const member of this.members) member.forgetZeros();
  }

  /** Waits until the devices are done with all steps so far. */
  synchronize(): void {
    if (this.#onDevice) this.#table.synchronize();
  }

  /** Counts a step that is done, and takes over its state; or finds that it was skipped. */
  #commit(updated: number): StepReport {
    const found = this.#work.gradients;
    const gradNorm = found[gradients.norm] as number;
    if (found[gradients.skipped] === 1) return { updated: 0, skipped: true, gradNorm };
    for (const member of this.members) {
      if (member.grad === null) continue;
      const { states, slow } = member.bound as NonNullable<Member["bound"]>;
      member.steps = member.t;
      member.states = states;
      member.slow = slow;
    }
    return gradNorm === -1 ? { updated, skipped: false } : { updated, skipped: false, gradNorm };
  }

  /** Makes the table's row true for what the member holds now, with the state arrays that this step needs. */
  #settle(member: Member): void {
    const { bound, data, out, wanted, wantedSlow } = member;
    const grad = member.grad as Floats;
    const same = bound !== null && data === bound.data && out === bound.out && wanted === bound.states;
    if (!same || wantedSlow !== bound.slow) {
      this.#bind(member, grad, wanted, wantedSlow);
      return;
    }
    member.requireUnchanged(data, role.data);
    if (out !== data) member.requireUnchanged(out, role.out);
    for (let k = 0; k < wanted.length; ++k) member.requireUnchanged(wanted[k] as Floats, role.state + k);
    if (wantedSlow !== null) member.requireUnchanged(wantedSlow, role.slow);
    if (grad === bound.grad) {
      member.requireUnchanged(grad, role.grad);
      return;
    }
    const next = this.#newGrads++;
    this.#rowsOfNewGrads[next] = member.index;
    this.#grads[next] = member.place === host ? (grad as Float32Array) : nativeOf(grad);
  }

  /** Hands all gradients that are other arrays than before to the table, in one call. */
  #bindGrads(): void {
    const count = this.#newGrads;
    if (count === 0) return;
    const refused = this.#table.bindGrads(this.#rowsOfNewGrads, this.#grads, count);
    for (let k = 0; k < count; ++k) {
      const member = this.members[this.#rowsOfNewGrads[k] as number] as Member;
      this.#grads[k] = null; // keeps none alive
      if (refused === null) (member.bound as NonNullable<Member["bound"]>).grad = member.grad;
      else member.bound = null;
    }
    if (refused === null) return;
    throw (this.members[this.#rowsOfNewGrads[refused.index] as number] as Member).refusal(refused.problem, role.grad);
  }

  /** A member without a gradient takes no part, but nothing may be written over it: so far as its memory can be used at all. */
  #rest(member: Member): number {
    const { bound, data, out, states, slow } = member;
    const same = bound !== null && data === bound.data && out === bound.out && states === bound.states && slow === bound.slow;
    if (same && member.unchanged()) return rowState.skipped;
    member.bound = null;
    const refused = bindRow(this.#table, member, null, states, slow);
    if (refused !== null) return rowState.ignored;
    member.bound = { data, out, grad: null, states, slow };
    return rowState.skipped;
  }

  #bind(member: Member, grad: Floats, states: readonly Floats[], slow: Floats | null): void {
    const { data, out } = member;
    const refused = bindRow(this.#table, member, grad, states, slow);
    if (refused !== null) throw member.refusal(refused.problem, refused.role);
    member.bound = { data, out, grad, states, slow };
  }

  /** Forgets every member and its state. */
  leave(): void {
    for (const member of this.members) member.setState(0);
    this.members.length = 0;
    this.#table.resize(0);
  }
}

/** Gives a member's row its memory; null, or what is wrong with which array. */
export function bindRow(
  table: Table,
  { index, length, place, data, out }: Member,
  grad: Floats | null,
  states: readonly Floats[],
  slow: Floats | null,
): ReturnType<Table["bind"]> {
  const { length: count, 0: first, 1: second, 2: third } = states;
  return table.bind(
    index,
    length,
    place,
    nativeOf(data),
    nativeOf(out),
    nativeOf(grad),
    count > 0 ? nativeOf(first as Floats) : null,
    count > 1 ? nativeOf(second as Floats) : null,
    count > 2 ? nativeOf(third as Floats) : null,
    nativeOf(slow),
  );
}

/** The error for what kept a step from being run. */
export function obstacleError({ row, role: which, otherRow, otherRole }: Obstacle, members: readonly Member[]): Error {
  const one = members[row] as Member;
  if (otherRow === undefined || otherRole === undefined) {
    const what = `${one.label}: another step, under way on another thread, is using its ${one.nameOf(which)}`;
    return plainError("ERR_LEASED", `${what}; await stepAsync() first`);
  }
  const other = members[otherRow] as Member;
  const tied = which === role.data && otherRole === role.data;
  const advice = tied
    ? "Tied weights are one parameter: register it once and add up its gradients."
    : "A step writes to its parameters and states, so that nothing else may lie there.";
  const where = `${one.nameOf(which)} of ${one.label.toLowerCase()} and ${other.nameOf(otherRole)} of ${other.label.toLowerCase()}`;
  return rangeError("ERR_OVERLAP", `Overlap in memory: ${where}. ${advice}`);
}
