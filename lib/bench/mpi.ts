// Measures what steps over the ranks of an MPI job cost. Every rank calls it, and the results of rank 0 count.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AdaBelief, cpu, parameter } from "..";
import { Sharded, type World } from "../mpi";
import { requireSuccess, transportOf } from "../mpi/world";
import { loopDelay } from "./loop-delay";
import { bytesSent } from "./mpi-model";
import { spread, type Spread } from "./statistics";

/** Native code's `Cost`. */
const cost = { agreement: 0, transfer: 1, exchange: 2, allreduce: 3 } as const;

export interface MpiPlan {
  readonly parameters: number;
  readonly bucket: number;
  readonly repeats: number;
}

export interface MpiResult {
  ranks: number;
  parameters: number;
  bucket: number;
  /** What a rank sends in a step. */
  bytes_per_parameter: number;
  /** Microseconds of one agreement; of a message, and nanoseconds a byte, by the tenth percentile. */
  agreement_us: Spread;
  alpha_us: number;
  beta_ns: number;
  /** Milliseconds: gradients summed by their owners and parameters back to all; the library's own MPI_Allreduce of as many floats. */
  exchange_ms: Spread;
  allreduce_ms: Spread;
  exchange_over_allreduce: number;
  /** Milliseconds of a whole step, and of one process's step over all parameters on as many threads. */
  step_ms: Spread;
  local_step_ms: Spread;
  /** Resident bytes that a state takes: a rank's share, and the whole. */
  state_bytes: number;
  whole_state_bytes: number;
  /** The 99th percentile of the event loop's delay in milliseconds: during steps over ranks, and while all ranks step alone. */
  loop_delay_ms: { sharded: number; busy: number; idle: number };
}

export async function measureMpi(world: World, { parameters, bucket, repeats }: MpiPlan): Promise<MpiResult> {
  const { calls, size } = transportOf(world);
  const seconds = new Float64Array(1);
  const timeOf = async (what: keyof typeof cost, data: Float32Array, rounds: number): Promise<number> => {
    requireSuccess(await calls.measure(cost[what], data, bucket, rounds, seconds));
    return seconds[0] as number;
  };
  const grad = cpu.allocate(parameters);
  const small = new Float32Array(size);
  const times: Record<"agreement" | "message" | "transfer" | "exchange" | "allreduce", number[]> = {
    ...{ agreement: [], message: [], transfer: [], exchange: [], allreduce: [] },
  };
  await timeOf("exchange", grad, 1); // the first one makes room
  for (let repeat = 0; repeat < repeats; ++repeat) {
    times.agreement.push(1e6 * (await timeOf("agreement", small, 200)));
    times.message.push(await timeOf("transfer", small, 200));
    times.transfer.push(await timeOf("transfer", grad, 1));
    times.exchange.push(1e3 * (await timeOf("exchange", grad, 1)));
    times.allreduce.push(1e3 * (await timeOf("allreduce", grad, 1)));
  }
  // Whatever else a machine does adds to these: they are properties of the network, so the fast ones count.
  const message = spread(times.message).p10;
  const bytes = (4 * parameters * (size - 1)) / size;
  const [exchange_ms, allreduce_ms] = [spread(times.exchange), spread(times.allreduce)];
  const ratios = times.exchange.map((ms, k) => ms / (times.allreduce[k] as number));
  return {
    ...{ ranks: size, parameters, bucket, bytes_per_parameter: bytesSent(size) },
    agreement_us: spread(times.agreement),
    alpha_us: (1e6 * message) / Math.max(1, size - 1),
    beta_ns: size === 1 ? 0 : (1e9 * (spread(times.transfer).p10 - message)) / bytes,
    ...{ exchange_ms, allreduce_ms, exchange_over_allreduce: spread(ratios).median },
    ...(await measureSteps(world, grad, { parameters, bucket, repeats })),
  };
}

type Steps = Pick<MpiResult, "step_ms" | "local_step_ms" | "state_bytes" | "whole_state_bytes" | "loop_delay_ms">;

/** The steps of an optimizer over ranks, and of the same one alone. */
async function measureSteps(world: World, grad: Float32Array, { parameters, bucket, repeats }: MpiPlan): Promise<Steps> {
  const together = () => transportOf(world).calls.agree(true, new Float64Array(8), "", -1);
  const run = async (step: () => Promise<unknown>) => {
    const resident = await collected();
    await step();
    const state = process.memoryUsage().rss - resident;
    for (let k = 0; k < 2; ++k) await step();
    const times: number[] = [];
    const delay = await loopDelay(async () => {
      for (let repeat = 0; repeat < repeats; ++repeat) {
        await together();
        const started = performance.now();
        await step();
        times.push(performance.now() - started);
      }
    });
    return { state, times: spread(times), delay };
  };
  const make = () => new AdaBelief([parameter(cpu.allocate(parameters).fill(1), { grad: grad.fill(1e-3) })]);
  const alone = make();
  const local = await run(() => alone.stepAsync());
  alone.dispose();
  const optimizer = new Sharded(make(), world, { bucket });
  const sharded = await run(() => optimizer.step());
  optimizer.dispose();
  const idle = await loopDelay(() => new Promise((resolve) => setTimeout(resolve, 1000)));
  return {
    ...{ step_ms: sharded.times, local_step_ms: local.times },
    ...{ state_bytes: sharded.state, whole_state_bytes: local.state },
    loop_delay_ms: { sharded: sharded.delay, busy: local.delay, idle },
  };
}

/** The resident bytes of this process, once it has given back what nobody uses. */
async function collected(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  for (let k = 0; k < 4; ++k) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss;
}
