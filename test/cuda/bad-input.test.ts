// What cannot be stepped on a device is a typed error that names it, and changes nothing.
import { accumulate, AdaBelief, clipGradNorm, cuda, parameter, update, type CudaArray, type Parameter } from "../../lib";
import { bitsOf } from "../helpers/bits";
import { fails } from "../helpers/checkpoint";
import { thrownBy } from "../helpers/snapshot";
import { onMockDriverAlone, mockDriver } from "../helpers/mock-driver";

const wave = (length: number, phase = 0) => Float32Array.from({ length }, (_, i) => Math.sin(i + 1 + phase));
const hostile = (value: unknown) => value as never;

type OnDevice = Parameter<CudaArray> & { grad: CudaArray | null };

interface Fixture {
  whole: CudaArray;
  parameters: [OnDevice, OnDevice];
  onHost: Parameter;
  values: Float32Array; // what `onHost` begins with
  optimizer: AdaBelief;
}

/** Two parameters on a device that have been stepped once, the first two of three parts of one allocation, and one on the host. */
function fixture(): Fixture {
  const whole = cuda.from(wave(48));
  const part = (begin: number, length: number) => cuda.wrap({ pointer: whole.pointer + BigInt(4 * begin), length, owner: whole });
  const parameters: [OnDevice, OnDevice] = [
    parameter(part(0, 8), { grad: part(8, 8), name: "weight" }),
    parameter(part(16, 3), { grad: part(19, 3) }),
  ];
  const onHost = parameter(wave(5), { grad: wave(5) });
  const optimizer = new AdaBelief([...parameters, onHost]);
  optimizer.step();
  return { whole, parameters, onHost, values: onHost.data, optimizer };
}

const hex = (array: Float32Array) => Buffer.from(bitsOf(array).buffer).toString("hex");

/** All that a refused call must leave alone. */
const snapshot = ({ whole, values, optimizer }: Fixture) => ({
  memory: hex(whole.read()),
  host: hex(values),
  state: Object.values(optimizer.stateDict().state).map(({ step, exp_avg, exp_avg_var }) => [
    step,
    hex(exp_avg as Float32Array),
    hex(exp_avg_var as Float32Array),
  ]),
});

interface Row {
  what: string;
  code: string;
  type: ErrorConstructor;
  message?: RegExp;
  act: (f: Fixture) => unknown;
}

const disposed = (length: number) => {
  const array = cuda.allocate(length);
  array.dispose();
  return array;
};

const rows: Row[] = [
  {
    what: "a gradient on the host for data on a device",
    code: "ERR_MIXED_DEVICES",
    type: TypeError,
    message: /^Parameter 0 \(weight\): its grad is on the host, and it was registered on CUDA device 0; .*cuda\.from\(\)/,
    act: ({ parameters: [p], optimizer }) => ((p.grad = hostile(wave(8))), optimizer.step()),
  },
  {
    what: "a gradient on a device for data on the host",
    code: "ERR_MIXED_DEVICES",
    type: TypeError,
    message: /^Parameter 2: its grad is on CUDA device 0, and it was registered on the host/,
    act: ({ onHost, optimizer }) => ((onHost.grad = hostile(cuda.from(wave(5)))), optimizer.step()),
  },
  {
    what: "data that moved to the host",
    code: "ERR_MIXED_DEVICES",
    type: TypeError,
    act: ({ parameters: [p], optimizer }) => ((p.data = hostile(wave(8))), optimizer.step()),
  },
  {
    what: "data that moved to a device",
    code: "ERR_MIXED_DEVICES",
    type: TypeError,
    act: ({ onHost, optimizer }) => ((onHost.data = hostile(cuda.from(wave(5)))), optimizer.step()),
  },
  {
    what: "an out on the host",
    code: "ERR_MIXED_DEVICES",
    type: TypeError,
    act: ({ parameters: [p], optimizer }) => ((p.out = hostile(wave(8))), optimizer.step()),
  },
  {
    what: "a list for a gradient",
    code: "ERR_NOT_FLOAT32",
    type: TypeError,
    message: /grad must be a CudaArray, got an array of 8/,
    act: ({ parameters: [p], optimizer }) => ((p.grad = hostile(Array(8).fill(0))), optimizer.step()),
  },
  {
    what: "state in 16 bits",
    code: "ERR_INVALID_OPTION",
    type: RangeError,
    message: /^Parameter 0 \(weight\) lies on a CUDA device, where state_dtype must be "float32"/,
    act: ({ parameters: [p] }) => new AdaBelief([p], { state_dtype: "bfloat16" }),
  },
  {
    what: "a Proxy of a gradient",
    code: "ERR_NOT_FLOAT32",
    type: TypeError,
    act: ({ parameters: [p], optimizer }) => ((p.grad = new Proxy(p.grad as CudaArray, {})), optimizer.step()),
  },
  {
    what: "a gradient of another length",
    code: "ERR_LENGTH",
    type: RangeError,
    message: /grad must have 8 elements like its data, got 7/,
    act: ({ parameters: [p], optimizer }) => ((p.grad = cuda.allocate(7)), optimizer.step()),
  },
  {
    what: "a gradient that lies about its length",
    code: "ERR_LENGTH",
    type: RangeError,
    act: ({ parameters: [p], optimizer }) => {
      p.grad = Object.defineProperty(cuda.allocate(4), "length", { value: 8 });
      optimizer.step();
    },
  },
  {
    what: "a disposed new gradient",
    code: "ERR_DISPOSED",
    type: Error,
    message: /its grad was disposed/,
    act: ({ parameters: [p], optimizer }) => ((p.grad = disposed(8)), optimizer.step()),
  },
  {
    what: "a gradient that was disposed since",
    code: "ERR_DISPOSED",
    type: Error,
    message: /its grad was disposed/,
    act: ({ parameters: [p], optimizer }) => (p.grad?.dispose(), optimizer.step()),
  },
  {
    what: "data that was disposed",
    code: "ERR_DISPOSED",
    type: Error,
    message: /its data was disposed/,
    act: ({ parameters: [p], optimizer }) => (p.data.dispose(), optimizer.step()),
  },
  {
    what: "a gradient that is the parameter",
    code: "ERR_OVERLAP",
    type: RangeError,
    act: ({ parameters: [p], optimizer }) => ((p.grad = p.data), optimizer.step()),
  },
  {
    what: "a gradient that shares one float with another parameter",
    code: "ERR_OVERLAP",
    type: RangeError,
    act: ({ whole, parameters: [p], optimizer }) => {
      p.grad = cuda.wrap({ pointer: whole.pointer + 36n, length: 8 });
      optimizer.step();
    },
  },
  {
    what: "a gradient in a state",
    code: "ERR_OVERLAP",
    type: RangeError,
    act: ({ parameters: [p], optimizer }) => ((p.grad = optimizer.state.get(p)?.exp_avg as CudaArray), optimizer.step()),
  },
  {
    what: "a number for the stream",
    code: "ERR_CUDA_STREAM",
    type: TypeError,
    act: ({ optimizer }) => optimizer.step({ stream: hostile(1) }),
  },
  {
    what: "the default stream of a thread, which stepAsync would not be on",
    code: "ERR_CUDA_STREAM",
    type: RangeError,
    message: /stream: 2n/,
    act: ({ optimizer }) => optimizer.step({ stream: 2n }),
  },
  {
    what: "a stream to an optimizer that has nothing on a device",
    code: "ERR_CUDA_STREAM",
    type: RangeError,
    message: /none of the parameters lies on a device/,
    act: ({ onHost }) => new AdaBelief([{ data: onHost.data, grad: onHost.grad as Float32Array }]).step({ stream: 1n }),
  },
  {
    what: "a parameter that begins on both",
    code: "ERR_MIXED_DEVICES",
    type: TypeError,
    act: ({ parameters: [p] }) => new AdaBelief([hostile({ data: p.data, out: wave(8) })]),
  },
  {
    what: "the same memory twice",
    code: "ERR_OVERLAP",
    type: RangeError,
    message: /[Tt]ied weights/,
    act: ({ parameters: [p] }) => new AdaBelief([parameter(p.data), parameter(p.data)]),
  },
  {
    what: "zeroGrad of a disposed gradient",
    code: "ERR_DISPOSED",
    type: Error,
    act: ({ parameters: [p], optimizer }) => {
      p.grad = disposed(8);
      optimizer.zeroGrad();
    },
  },
  {
    what: "clipGradNorm of a disposed gradient",
    code: "ERR_DISPOSED",
    type: Error,
    act: ({ parameters: [p, q] }) => clipGradNorm([p, { data: q.data, grad: disposed(3) }], 1),
  },
  {
    what: "clipGradNorm of gradients that overlap",
    code: "ERR_OVERLAP",
    type: RangeError,
    act: ({ whole, parameters: [p] }) =>
      clipGradNorm([p, { data: p.data, grad: cuda.wrap({ pointer: whole.pointer + 36n, length: 8 }) }], 1),
  },
  {
    what: "clipGradNorm with a number for the stream",
    code: "ERR_CUDA_STREAM",
    type: TypeError,
    act: ({ parameters }) => clipGradNorm(parameters, 1, { stream: hostile(1) }),
  },
  {
    what: "clipGradNorm with a stream and gradients on the host",
    code: "ERR_CUDA_STREAM",
    type: RangeError,
    act: ({ onHost }) => clipGradNorm(onHost, 1, { stream: 1n }),
  },
  {
    what: "accumulate into a disposed array",
    code: "ERR_DISPOSED",
    type: Error,
    message: /^into was disposed/,
    act: ({ parameters: [p] }) => {
      accumulate(disposed(8), [p.data]);
    },
  },
  {
    what: "accumulate of a disposed source",
    code: "ERR_DISPOSED",
    type: Error,
    message: /^sources\[1\] was disposed/,
    act: ({ parameters: [p] }) => {
      accumulate(p.grad as CudaArray, [p.data, disposed(8)]);
    },
  },
  {
    what: "accumulate of a source on the host",
    code: "ERR_MIXED_DEVICES",
    type: TypeError,
    message: /sources\[0\] is a Float32Array of 8, and into is a CudaArray of 8 on device 0/,
    act: ({ parameters: [p] }) => {
      accumulate(hostile(p.grad), [wave(8)]);
    },
  },
  {
    what: "accumulate of a source on a device into the host's",
    code: "ERR_MIXED_DEVICES",
    type: TypeError,
    act: ({ parameters: [p] }) => {
      accumulate(wave(8), hostile([p.grad]));
    },
  },
  {
    what: "accumulate of a list",
    code: "ERR_NOT_FLOAT32",
    type: TypeError,
    message: /^sources\[0\] must be a CudaArray like into, got an array of 1/,
    act: ({ parameters: [p] }) => {
      accumulate(p.grad as CudaArray, hostile([[1]]));
    },
  },
  {
    what: "accumulate of another length",
    code: "ERR_LENGTH",
    type: RangeError,
    act: ({ parameters: [p] }) => {
      accumulate(p.grad as CudaArray, [cuda.allocate(7)]);
    },
  },
  {
    what: "accumulate of what it writes",
    code: "ERR_OVERLAP",
    type: RangeError,
    message: /into and sources\[1\]/,
    act: ({ whole, parameters: [p] }) => {
      accumulate(p.grad as CudaArray, [p.data, cuda.wrap({ pointer: whole.pointer + 36n, length: 8 })]);
    },
  },
  {
    what: "accumulate with a stream and arrays on the host",
    code: "ERR_CUDA_STREAM",
    type: RangeError,
    act: () => {
      accumulate(wave(8), [wave(8)], 1, { stream: 1n });
    },
  },
  {
    what: "a stream to update with arrays on the host",
    code: "ERR_CUDA_STREAM",
    type: RangeError,
    act: () => update({ data: wave(8), grad: wave(8), exp_avg: wave(8), exp_avg_var: wave(8), step: 1, stream: 1n }),
  },
  {
    what: "update with a state on the host",
    code: "ERR_MIXED_DEVICES",
    type: TypeError,
    act: ({ parameters: [p] }) =>
      update(hostile({ data: p.data, grad: p.grad, exp_avg: wave(8), exp_avg_var: cuda.allocate(8), step: 1 })),
  },
];

describe("on a device, a typed error that changes nothing:", () => {
  it.each(rows)("$what: $code", ({ code, type, message = /./, act }) => {
    const f = fixture();
    const before = snapshot(f);
    const error = thrownBy(() => act(f));
    expect(error).toMatchObject({ code, name: type.name }); // no instance of Jest's own classes
    expect(error.message).toMatch(message);
    expect(snapshot(f)).toEqual(before);
  });

  it.each(rows)("after $what, a corrected step works", ({ act }) => {
    const f = fixture();
    thrownBy(() => act(f));
    const { whole, parameters, onHost, optimizer } = f;
    const part = (begin: number, length: number) =>
      cuda.wrap({ pointer: whole.pointer + BigInt(4 * begin), length, owner: whole });
    Object.assign(parameters[0], { data: part(0, 8), grad: part(8, 8), out: undefined });
    Object.assign(onHost, { data: wave(5), grad: wave(5) });
    expect(optimizer.step()).toEqual({ updated: 3, skipped: false });
    expect(optimizer.state.get(parameters[0])?.step).toBe(2);
  });
});

describe("while stepAsync is under way, refuses", () => {
  it.each<[string, string, (f: Fixture) => unknown]>([
    ["to dispose of data", "ERR_LEASED", ({ parameters: [p] }) => p.data.dispose()],
    ["to dispose of a gradient", "ERR_LEASED", ({ parameters: [p] }) => p.grad?.dispose()],
    ["to dispose of a state", "ERR_LEASED", ({ parameters: [p], optimizer }) => optimizer.state.get(p)?.exp_avg.dispose()],
    ["to read data", "ERR_LEASED", ({ parameters: [p] }) => p.data.read()],
    ["to write a gradient", "ERR_LEASED", ({ parameters: [p] }) => p.grad?.write(wave(8))],
    ["to clip a gradient", "ERR_LEASED", ({ parameters: [p] }) => clipGradNorm(p, 1)],
    [
      "to add to a gradient",
      "ERR_LEASED",
      ({ parameters: [p] }) => {
        accumulate(p.grad as CudaArray, [cuda.allocate(8)]);
      },
    ],
    ["to dispose of the optimizer", "ERR_BUSY", ({ optimizer }) => optimizer.dispose()],
    ["to synchronize", "ERR_BUSY", ({ optimizer }) => optimizer.synchronize()],
    [
      "another step over the same memory",
      "ERR_LEASED",
      ({ parameters: [p] }) => new AdaBelief([{ data: p.data, grad: cuda.from(wave(8)) }]).step(),
    ],
  ])("%s: %s", async (_, code, act) => {
    const f = fixture();
    const promise = f.optimizer.stepAsync();
    expect(thrownBy(() => act(f))).toMatchObject({ code });
    expect(await promise).toEqual({ updated: 3, skipped: false });
    expect(f.optimizer.step().updated).toBe(3);
  });

  it("with a promise that is rejected, what step refuses", async () => {
    const f = fixture();
    f.parameters[0].grad = hostile(wave(8));
    const before = snapshot(f);
    expect(await fails(f.optimizer.stepAsync())).toMatchObject({ code: "ERR_MIXED_DEVICES" });
    expect(snapshot(f)).toEqual(before);
  });
});

onMockDriverAlone("with a second device", () => {
  it.each<[string, string, (f: Fixture) => unknown]>([
    [
      "a gradient on it",
      "ERR_MIXED_DEVICES",
      ({ parameters: [p], optimizer }) => ((p.grad = cuda.from(wave(8), { device: 1 })), optimizer.step()),
    ],
    ["one of its streams", "ERR_CUDA_STREAM", ({ optimizer }) => optimizer.step({ stream: mockDriver.makeStream(1) })],
    ["one of its streams, to read", "ERR_CUDA_STREAM", ({ whole }) => whole.read({ stream: mockDriver.makeStream(1) })],
    [
      "one of its streams, to write",
      "ERR_CUDA_STREAM",
      ({ whole }) => whole.write(wave(48), { stream: mockDriver.makeStream(1) }),
    ],
    [
      "one of its streams, for zeros",
      "ERR_CUDA_STREAM",
      ({ optimizer }) => optimizer.zeroGrad({ stream: mockDriver.makeStream(1) }),
    ],
    ["a stream that is none", "ERR_CUDA_STREAM", ({ optimizer }) => optimizer.step({ stream: 4096n })],
  ])("refuses %s: %s", (_, code, act) => {
    const f = fixture();
    const before = snapshot(f);
    expect(thrownBy(() => act(f))).toMatchObject({ code });
    expect(snapshot(f)).toEqual(before);
    f.parameters[0].grad = cuda.from(wave(8));
    expect(f.optimizer.step().updated).toBe(3);
  });
});
