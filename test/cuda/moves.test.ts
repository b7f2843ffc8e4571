// Training moves between the host and devices, by state dicts and checkpoints, and keeps its bits.
import { AdaBelief, Adam, cuda, Lookahead, parameter, RangerAdaBelief, type CudaArray, type Parameter } from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { fails } from "../helpers/checkpoint";
import { temporaryFolder } from "../helpers/folder";
import { golden, recorded } from "../helpers/golden";
import { onDevice, onHost, type Placement } from "../helpers/placement";
import { begin, stateOf, train, valuesOf, type Replay } from "../helpers/replay";
import { thrownBy } from "../helpers/snapshot";

const at = temporaryFolder();
const names = ["v0-amsgrad", "v2-rectify"].map((part) => golden.cases.find(({ id }) => id.includes(part)) ?? golden.cases[0]);
const cases = [...new Set([...names, ...golden.cases.slice(-3)])] as typeof golden.cases;

const routes: [string, Placement[]][] = [
  ["from a device to the host", [onDevice(0), onHost]],
  ["from the host to a device", [onHost, onDevice(0)]],
  ["from a device to the host and back", [onDevice(0), onHost, onDevice(0)]],
];

/** Trains in stages, one a place, each of which begins with what `carry` brings along. */
async function travel(one: (typeof cases)[number], route: Placement[], carry: (from: Replay, to: Replay) => unknown) {
  let run = begin(one, route[0]);
  const length = Math.ceil(golden.steps / route.length);
  for (const [stage, placement] of route.entries()) {
    if (stage > 0) {
      const next = begin(one, placement);
      await carry(run, next);
      run = next;
    }
    train(run, stage * length + 1, Math.min(golden.steps, (stage + 1) * length));
  }
  return run;
}

const copyValues = (from: Replay, to: Replay) =>
  from.parameters.forEach(({ data }, k) => {
    const values = from.placement.get(data);
    const into = (to.parameters[k] as Parameter).data as Float32Array | CudaArray;
    if (into instanceof Float32Array) into.set(values);
    else into.write(values);
  });

describe.each(cases)("a training that moves: $id", (one) => {
  it.each(routes)("%s, by its state dict, has the recorded bits", async (_, route) => {
    const run = await travel(one, route, (from, to) => {
      copyValues(from, to);
      to.optimizer.loadStateDict(structuredClone(from.optimizer.stateDict()));
    });
    expectSameBits(valuesOf(run), recorded(one.id, "p", golden.steps), `${one.id}: p at the end`);
  });

  it.each(routes)("%s, by a checkpoint, has the recorded bits", async (what, route) => {
    const path = at(`${one.id} ${what}`);
    const run = await travel(one, route, async (from, to) => {
      await from.optimizer.saveState(path, { parameters: true });
      await to.optimizer.loadState(path, { parameters: true });
    });
    expectSameBits(valuesOf(run), recorded(one.id, "p", golden.steps), `${one.id}: p at the end`);
    expectSameBits(stateOf(run, "exp_avg"), recorded(one.id, "exp_avg", golden.steps), `${one.id}: exp_avg at the end`);
  });
});

const ones = (length: number) => new Float32Array(length).fill(1);

/** A parameter on a device that was stepped three times. */
function trained() {
  const p = parameter(cuda.from(ones(9)), { grad: cuda.from(ones(9)), name: "weight" });
  const optimizer = new AdaBelief([p]);
  for (let step = 0; step < 3; ++step) optimizer.step();
  return { p, optimizer };
}

describe("the state of a parameter on a device", () => {
  it("lies there, as arrays that are live", () => {
    const { p, optimizer } = trained();
    const state = optimizer.state.get(p);
    const [mean, variance] = [state?.exp_avg as CudaArray, state?.exp_avg_var as CudaArray];
    expect([state?.step, mean.length, mean.device, variance.length]).toEqual([3, 9, 0, 9]);
    const before = mean.read();
    optimizer.step();
    expect(mean.read()).not.toEqual(before);
  });

  it("is in a state dict on the host, as a copy", () => {
    const { p, optimizer } = trained();
    const mean = optimizer.stateDict().state["0"]?.["exp_avg"] as Float32Array;
    const copy = mean.slice();
    expectSameBits(mean, (optimizer.state.get(p)?.exp_avg as CudaArray).read(), "exp_avg");
    optimizer.step();
    expectSameBits(mean, copy, "the copy");
  });

  it.each<[string, (optimizer: AdaBelief) => unknown]>([
    ["dispose", (optimizer) => optimizer.dispose()],
    ["reset", (optimizer) => optimizer.reset()],
    ["loadStateDict", (optimizer) => optimizer.loadStateDict(optimizer.stateDict())],
  ])("is the optimizer's: %s gives the arrays back", (_, act) => {
    const { p, optimizer } = trained();
    const mean = optimizer.state.get(p)?.exp_avg as CudaArray;
    act(optimizer);
    expect([mean.disposed, p.data.disposed, p.grad?.disposed]).toEqual([true, false, false]);
  });

  it("begins anew after reset", () => {
    const [one, other] = [trained(), trained()];
    other.optimizer.reset();
    expect(other.optimizer.state.get(other.p)).toBeUndefined();
    other.p.data.write(ones(9));
    for (let step = 0; step < 3; ++step) other.optimizer.step();
    expectSameBits(other.p.data.read(), one.p.data.read(), "data");
  });

  it("with Lookahead has its slow weights there, and takes them along", () => {
    const make = (put: Placement["put"]) => {
      const p = parameter(put(ones(9)), { grad: put(ones(9)) }) as Parameter;
      return { p, optimizer: new Lookahead(new Adam([p]), { k: 2 }) };
    };
    const [device, host] = [make(onDevice(0).put), make(onHost.put)];
    for (let step = 0; step < 3; ++step) device.optimizer.step();
    expect((device.optimizer.state.get(device.p)?.slow_buffer as unknown as CudaArray).device).toBe(0);
    host.p.data.set(onDevice(0).get(device.p.data));
    host.optimizer.loadStateDict(device.optimizer.stateDict());
    for (const { optimizer } of [device, host]) for (let step = 0; step < 4; ++step) optimizer.step();
    expectSameBits(onDevice(0).get(device.p.data), host.p.data, "data");
  });
});

describe("what is no state for a device changes nothing:", () => {
  it("a state dict with an array on a device", () => {
    const { p, optimizer } = trained();
    const dict = optimizer.stateDict();
    Object.assign(dict.state["0"] as object, { exp_avg: optimizer.state.get(p)?.exp_avg });
    const before = optimizer.stateDict();
    expect(thrownBy(() => optimizer.loadStateDict(dict))).toMatchObject({
      code: "ERR_STATE_DICT",
      message: expect.stringContaining("got a CudaArray of 9 on device 0") as string,
    });
    expect(optimizer.stateDict()).toEqual(before);
  });

  it("a checkpoint whose values have nowhere to go", async () => {
    const { p, optimizer } = trained();
    await optimizer.saveState(at("nowhere"), { parameters: true });
    const before = optimizer.stateDict();
    p.data.dispose();
    expect(await fails(optimizer.loadState(at("nowhere"), { parameters: true }))).toMatchObject({ code: "ERR_DISPOSED" });
    expect(optimizer.stateDict()).toEqual(before);
    p.data = cuda.allocate(9);
    await optimizer.loadState(at("nowhere"), { parameters: true });
    expect(optimizer.step().updated).toBe(1);
  });
});

it("an optimizer with parameters on the host and on a device moves as a whole", () => {
  const make = (places: Placement[]) => {
    const parameters = places.map(({ put }, k) => parameter(put(ones(5 + k)), { grad: put(ones(5 + k)) }) as Parameter);
    return { parameters, optimizer: new RangerAdaBelief(parameters, { k: 2 }) };
  };
  const here = make([onHost, onDevice(0)]);
  const there = make([onDevice(0), onHost]);
  for (let step = 0; step < 3; ++step) here.optimizer.step();
  there.optimizer.loadStateDict(here.optimizer.stateDict());
  expect(there.optimizer.stateDict()).toEqual(here.optimizer.stateDict());
});
