// The way of a step over ranks: check → exchange and sum → agree → norm → step the own shard → agree → gather. Until the last part a
// failure changes nothing.
import { refuseMore } from "../options/kinds";
import { clipCoefficient } from "../arrays/clip";
import { requireUnleased } from "../arrays/placement";
import { plainError, rangeError, typeError } from "../errors";
import type { Group } from "../groups/group";
import { role } from "../native/engine";
import { titleOf } from "../rule/rule";
import { requireLength } from "../step/memory-checks";
import { pin } from "../step/pin";
import { readStepOptions, type ReadStepOptions, type StepOptions, type StepReport } from "../step/step-options";
import type { TrackedParameter } from "../step/tracked-parameter";
import { call, hashOf, textOf, type Intention } from "./agreement";
import { agree, attempt, settle, type Refusal } from "./collective";
import { GradientExchange } from "./gradient-exchange";
import { GradientNorm } from "./norm";
import { gather } from "./gather";
import type { Shard } from "./shard";
import type { Transport } from "./world";

/** What this rank is ready to do. */
interface Prepared {
  readonly options: ReadStepOptions;
  readonly groups: readonly Group<object>[];
  readonly intention: Intention;
  /** How many parameters have a gradient. */
  readonly updated: number;
}

/** How many Shardeds were made before: two of them must not be mistaken for each other. */
let made = 0;

export class ShardedSteps {
  /** Steps so far, skipped ones too. */
  #count = 0;
  #exchange: GradientExchange | undefined;
  /** The data of each parameter, as the checks of this step have seen it. */
  readonly #data: Float32Array[] = [];
  readonly #layoutHash: number;

  constructor(
    private readonly transport: Transport,
    private readonly shard: Shard,
    bucket: number,
  ) {
    const { tensors, groups } = shard;
    const sizes = groups.groups.map(({ parameters }) => parameters.length);
    const cuts = shard.layout.segments.map((list) => list.map(({ end }) => end));
    const lengths = tensors.map(({ length, dimensions, first }) => [length, dimensions, first]);
    this.#layoutHash = hashOf(textOf([made++, transport.size, bucket, titleOf(groups.rule), sizes, lengths, cuts]));
  }

  /** What every agreement of this optimizer has in common. */
  intention(which: number): Intention {
    return { call: which, layout: this.#layoutHash, step: this.#count + 1, state: this.#stateHash() };
  }

  /** A hash of how far each parameter has come, which every rank must have alike. */
  #stateHash(): number {
    return hashOf(textOf(this.shard.pieces.map(([piece]) => [piece?.tracked.steps, piece?.tracked.kept])));
  }

  /** Takes over the count of steps, after a load. */
  restart(): void {
    this.#count = 0;
    this.#exchange = undefined;
  }

  /** Refuses what would come between ready() and step(). */
  requireIdle(): void {
    if (this.#exchange !== undefined) throw plainError("ERR_BUSY", "Gradients are on their way since ready(): call step() first");
  }

  /** Begins to exchange a gradient that is complete. */
  ready(index: number): void {
    this.transport.requireOpen();
    const { label } = this.shard.tensors[index] as TrackedParameter;
    if (this.#exchange?.isReady(index) === true) throw plainError("ERR_BUSY", `${label} is ready already: call step() first`);
    this.#current().ready(index);
  }

  #current(): GradientExchange {
    return (this.#exchange ??= new GradientExchange(this.transport, this.shard, this.intention(call.bucket)));
  }

  /** @param rest what was passed after the options: refused, when the ranks agree */
  async step(given: StepOptions | undefined, rest: readonly unknown[]): Promise<StepReport> {
    this.transport.requireOpen();
    const exchange = this.#current();
    try {
      return await this.#run(exchange, given, rest);
    } finally {
      this.#exchange = undefined;
      this.#data.length = 0;
    }
  }

  async #run(exchange: GradientExchange, given: StepOptions | undefined, rest: readonly unknown[]): Promise<StepReport> {
    const prepared = attempt(() => {
      refuseMore(rest, "step");
      return this.#prepare(exchange, given);
    });
    if ("error" in prepared) {
      await settle(exchange.refuse(prepared, this.intention(call.step)), prepared);
      throw prepared.error; // where everybody else agreed, which cannot be
    }
    const { options, groups, intention, updated } = prepared.done;
    const { gradScale = 1, maxGradNorm, skipNonFinite = false } = options;
    const scale = gradScale / this.transport.size;
    const { batch } = exchange;
    const outcomes = [...exchange.beginAll(), agree(this.transport, intention, undefined, batch)];
    const norm = updated > 0 && (maxGradNorm !== undefined || skipNonFinite) ? this.#normOf(exchange) : undefined;
    if (norm !== undefined) outcomes.push(norm.exchange(this.transport, batch, scale));
    await settle(outcomes);
    if (updated === 0) return this.#done({ updated, skipped: false });

    const gradNorm = norm?.value();
    const report = gradNorm === undefined ? {} : { gradNorm };
    if (skipNonFinite && !Number.isFinite(gradNorm)) return this.#done({ updated: 0, skipped: true, ...report });
    const clip = maxGradNorm === undefined ? 1 : clipCoefficient(gradNorm as number, maxGradNorm);
    await this.#update(exchange, () => this.shard.steps.stepAsync(groups, { gradScale: scale, clip }));
    return this.#done({ updated, skipped: false, ...report });
  }

  #done(report: StepReport): StepReport {
    this.#count += 1;
    return report;
  }

  #normOf(exchange: GradientExchange): GradientNorm {
    return new GradientNorm(this.shard, (index) => exchange.hasGradient(index));
  }

  /** All local checks, and room for the state. Nothing is written. */
  #prepare(exchange: GradientExchange, given: StepOptions | undefined): Prepared {
    const options = readStepOptions(given, "step");
    if (options.stream !== undefined) throw rangeError("ERR_CUDA_STREAM", "stream: Sharded steps on the host alone");
    this.shard.requireState();
    const groups = this.shard.readGroups();
    let [mask, updated] = ["", 0];
    this.shard.tensors.forEach((tensor, index) => {
      const grad = exchange.gradientOf(index);
      mask += grad === null ? "0" : "1";
      if (grad !== null) updated += 1;
      const data = requireHostData(tensor);
      this.#data[index] = data;
      this.shard.bind(index, data);
      for (const { parameter, sum } of this.shard.pieces[index] ?? []) parameter.grad = grad === null ? null : sum;
    });
    this.shard.steps.check(groups);
    const { gradScale, maxGradNorm, skipNonFinite } = options;
    const all = [gradScale ?? 1, maxGradNorm ?? null, skipNonFinite ?? false, groups.map((group) => group.options)];
    const intention = { ...this.intention(call.step), gradients: hashOf(mask), options: hashOf(textOf(all)) };
    return { options, groups, intention, updated };
  }

  /** The last part: from here on a failure leaves the ranks with different parameters. */
  async #update(exchange: GradientExchange, step: () => Promise<unknown>): Promise<void> {
    try {
      const refusal = await step().then(
        () => undefined,
        (error: unknown): Refusal => ({ error }),
      );
      const intention = this.intention(call.gather);
      const { transport, shard } = this;
      const agreed = agree(transport, intention, refusal, exchange.batch);
      const gathered = gather(transport, shard, exchange.batch, (index) =>
        exchange.hasGradient(index) ? (this.#data[index] as Float32Array) : null,
      );
      await settle([agreed, gathered], refusal);
    } catch (cause) {
      const what = (cause as Error).message;
      throw plainError(
        "ERR_MPI_LOST",
        `A step failed in its last part, and the parameters of the ranks may differ: ${what}`,
        cause,
      );
    }
  }
}

/** What every method that reads or writes states checks first. Returns the data of each parameter, which nobody needs to read again. */
export function requireReady(transport: Transport, shard: Shard, steps: ShardedSteps): Float32Array[] {
  transport.requireOpen();
  steps.requireIdle();
  shard.requireState();
  return shard.tensors.map(requireHostData);
}

/** Data that can be written on another thread. */
function requireHostData(tensor: TrackedParameter): Float32Array {
  const [data, out] = [tensor.read("data"), tensor.read("out")];
  requireLength(tensor, data, role.data);
  if ((out ?? data) !== data) {
    throw typeError("ERR_INVALID_PARAMETER", `${tensor.label}: Sharded updates data in place, and the parameter has an out`);
  }
  requireUnleased(data, `${tensor.label}: its data`);
  pin(data as Float32Array);
  return data as Float32Array;
}
