// Arrays on a device: made, read, written, wrapped, given back; and what is no such array.
import { AdaBelief, cuda, CudaArray, parameter, type PlaceOptions } from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { fails } from "../helpers/checkpoint";
import { thrownBy } from "../helpers/snapshot";
import { onMockDriverAlone, mockDriver } from "../helpers/mock-driver";

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i + 1));
const hostile = (value: unknown) => value as never;

describe("an array on a device", () => {
  it.each([0, 1, 3, 4096, 100_003])("of %d floats begins as zeros", (length) => {
    using array = cuda.allocate(length);
    expect([array.length, array.device, array.disposed]).toEqual([length, 0, false]);
    expectSameBits(array.read(), new Float32Array(length), "zeros");
  });

  it.each([0, 1, 3, 4096, 100_003])("keeps every bit of %d floats", async (length) => {
    const special = [Number.NaN, Infinity, -0, 1e-45, 3e38];
    const values = wave(length).map((value, i) => special[i % 7] ?? value);
    using array = cuda.from(values);
    expectSameBits(array.read(), values, "read");
    expectSameBits(await array.readAsync(), values, "readAsync");
    const others = wave(length).reverse();
    array.write(others);
    expectSameBits(array.read(), others, "written");
  });

  it("is a copy: neither side follows the other", () => {
    const values = wave(5);
    using array = cuda.from(values);
    values.fill(0);
    expectSameBits(array.read(), wave(5), "on the device");
    array.read().fill(7);
    expectSameBits(array.read(), wave(5), "on the device");
  });

  it("has an address, at which wrap finds the same memory", () => {
    const owner = cuda.from(wave(10));
    const part = cuda.wrap({ pointer: owner.pointer + 12n, length: 5, owner });
    expectSameBits(part.read(), wave(10).subarray(3, 8), "the part");
    part.write(new Float32Array(5));
    expect([...owner.read()].map((value) => value === 0)).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 0, 0].map(Boolean));
    part.dispose();
    expect(owner.read()).toHaveLength(10); // nobody freed what was only wrapped
  });

  it("without elements has no address, and can be stepped", () => {
    using array = cuda.allocate(0);
    expect(array.pointer).toBe(0n);
    const p = parameter(array, { grad: cuda.allocate(0) });
    expect(new AdaBelief([p]).step()).toEqual({ updated: 1, skipped: false });
  });

  it("is named for what it is", () => {
    const array = cuda.from(wave(3));
    const message = () => thrownBy(() => new AdaBelief([hostile(array)])).message;
    expect(message()).toContain("got a CudaArray of 3 on device 0: wrap it, parameter(array)");
    array.dispose();
    expect(message()).toContain("got a disposed CudaArray");
  });

  it("cannot be constructed or forged by other code", () => {
    expect(thrownBy(() => new (hostile(CudaArray) as new () => unknown)())).toMatchObject({ code: "ERR_INVALID_PARAMETER" });
    expect(thrownBy(() => Reflect.construct(cuda.allocate(1).constructor as never, [Symbol("making"), {}, 9, 0]))).toMatchObject({
      code: "ERR_INVALID_PARAMETER",
    });
    const forged = Object.create(CudaArray.prototype) as CudaArray;
    expect(thrownBy(() => new AdaBelief([parameter(forged)]))).toMatchObject({ code: "ERR_NOT_FLOAT32" });
  });
});

describe("a disposed array", () => {
  it.each<[string, (array: CudaArray) => unknown]>([
    ["pointer", (array) => array.pointer],
    ["read", (array) => array.read()],
    ["write", (array) => array.write(new Float32Array(4))],
    ["ipcHandle", (array) => array.ipcHandle()],
    ["a parameter", (array) => new AdaBelief([parameter(array)])],
  ])("refuses %s: ERR_DISPOSED", (_, act) => {
    const array = cuda.from(wave(4));
    array.dispose();
    array.dispose();
    array[Symbol.dispose]();
    expect([array.disposed, array.length]).toEqual([true, 0]);
    expect(thrownBy(() => act(array))).toMatchObject({ code: "ERR_DISPOSED" });
  });

  it("refuses readAsync: ERR_DISPOSED", async () => {
    const array = cuda.from(wave(4));
    array.dispose();
    expect(await fails(array.readAsync())).toMatchObject({ code: "ERR_DISPOSED" });
  });

  it("was not disposed while readAsync copied it: ERR_LEASED", async () => {
    const array = cuda.from(wave(1000));
    const copy = array.readAsync();
    expect(thrownBy(() => array.dispose())).toMatchObject({ code: "ERR_LEASED" });
    expectSameBits(await copy, wave(1000), "the copy");
    array.dispose();
  });
});

describe("refuses", () => {
  const owner = () => cuda.from(wave(8));
  const wrap = (change: Record<string, unknown>) => () => {
    const array = owner();
    return cuda.wrap({ pointer: array.pointer, length: 8, owner: array, ...change });
  };
  const handle = (change: object) => () => cuda.openIpc({ handle: new Uint8Array(64), length: 8, ...change });
  const place = (options: unknown) => () => cuda.allocate(1, options as PlaceOptions);

  it.each<[string, string, ErrorConstructor, () => unknown]>([
    ["a device that is not there", "ERR_CUDA_DEVICE", RangeError, place({ device: 99 })],
    ["a negative device", "ERR_CUDA_DEVICE", RangeError, place({ device: -1 })],
    ["half a device", "ERR_CUDA_DEVICE", RangeError, place({ device: 0.5 })],
    ["a device by name", "ERR_CUDA_DEVICE", TypeError, place({ device: "cuda:0" })],
    ["a number for a stream", "ERR_CUDA_STREAM", TypeError, place({ stream: 0 })],
    ["a negative stream", "ERR_CUDA_STREAM", RangeError, place({ stream: -1n })],
    ["a stream beyond 64 bits", "ERR_CUDA_STREAM", RangeError, place({ stream: 2n ** 64n })],
    ["an option that is not there", "ERR_UNKNOWN_OPTION", TypeError, place({ gpu: 1 })],
    ["null for the options", "ERR_INVALID_OPTION", TypeError, place(null)],
    ["a negative length", "ERR_LENGTH", RangeError, () => cuda.allocate(-1)],
    ["a length of 1.5", "ERR_LENGTH", RangeError, () => cuda.allocate(1.5)],
    ["a string for a length", "ERR_LENGTH", TypeError, () => cuda.allocate(hostile("8"))],
    ["more than there is", "ERR_OUT_OF_MEMORY", RangeError, () => cuda.allocate(2 ** 45)],
    ["more than bytes can count", "ERR_OUT_OF_MEMORY", RangeError, () => cuda.allocate(Number.MAX_SAFE_INTEGER)],
    ["doubles to copy", "ERR_NOT_FLOAT32", TypeError, () => cuda.from(hostile(new Float64Array(3)))],
    ["a list to copy", "ERR_NOT_FLOAT32", TypeError, () => cuda.from(hostile([1, 2]))],
    ["an array on a device to copy", "ERR_NOT_FLOAT32", TypeError, () => cuda.from(hostile(owner()))],
    ["to write doubles", "ERR_NOT_FLOAT32", TypeError, () => owner().write(hostile(new Float64Array(8)))],
    ["to write another length", "ERR_LENGTH", RangeError, () => owner().write(wave(7))],
    ["to read in the order of a number", "ERR_CUDA_STREAM", TypeError, () => owner().read({ stream: hostile(0) })],
    ["a pointer of 0", "ERR_CUDA_POINTER", RangeError, wrap({ pointer: 0n })],
    ["a number for a pointer", "ERR_CUDA_POINTER", TypeError, wrap({ pointer: 4096 })],
    ["no pointer", "ERR_CUDA_POINTER", TypeError, wrap({ pointer: undefined })],
    ["a negative pointer", "ERR_CUDA_POINTER", RangeError, wrap({ pointer: -4n })],
    ["a pointer beyond 64 bits", "ERR_CUDA_POINTER", RangeError, wrap({ pointer: 2n ** 64n })],
    ["a pointer to nothing", "ERR_CUDA_POINTER", RangeError, wrap({ pointer: 4096n })],
    [
      "a pointer between floats",
      "ERR_CUDA_POINTER",
      RangeError,
      () => ((a) => wrap({ pointer: a.pointer + 2n, length: 1 })())(owner()),
    ],
    [
      "a length beyond the allocation",
      "ERR_CUDA_POINTER",
      RangeError,
      () => ((a) => wrap({ pointer: a.pointer + 4n, owner: a })())(owner()),
    ],
    ["a length that overflows", "ERR_CUDA_POINTER", RangeError, wrap({ length: Number.MAX_SAFE_INTEGER })],
    ["no length", "ERR_LENGTH", TypeError, wrap({ length: undefined })],
    ["a key that wrap does not know", "ERR_UNKNOWN_OPTION", TypeError, wrap({ offset: 4 })],
    ["a handle of 63 bytes", "ERR_INVALID_OPTION", TypeError, handle({ handle: new Uint8Array(63) })],
    ["a list for a handle", "ERR_INVALID_OPTION", TypeError, handle({ handle: Array(64).fill(0) })],
    ["an offset between floats", "ERR_CUDA_POINTER", RangeError, handle({ offset: 2 })],
    ["an offset that is a bigint", "ERR_CUDA_POINTER", RangeError, handle({ offset: 4n })],
    ["a handle of nothing", "ERR_CUDA", Error, handle({})],
  ])("%s: %s", (_, code, type, act) => {
    const error = thrownBy(act);
    expect(error).toMatchObject({ code, name: type.name }); // no instance of Jest's own classes
  });
});

onMockDriverAlone("memory of another library", () => {
  it("on another device than named is refused: ERR_CUDA_POINTER", () => {
    const pointer = mockDriver.allocate(1, 64);
    expect(thrownBy(() => cuda.wrap({ pointer, length: 16 }))).toMatchObject({
      code: "ERR_CUDA_POINTER",
      message: expect.stringContaining("lies on CUDA device 1, not on 0") as string,
    });
    expect(cuda.wrap({ pointer, length: 16, device: 1 }).device).toBe(1);
    expect(mockDriver.free(pointer)).toBe(true);
  });

  it("is stepped in place, and never freed here", () => {
    const pointer = mockDriver.allocate(0, 400);
    const data = cuda.wrap({ pointer, length: 100 });
    data.write(wave(100));
    const p = parameter(data, { grad: cuda.from(wave(100)) });
    const optimizer = new AdaBelief([p]);
    optimizer.step();
    optimizer.dispose();
    expect(data.read()).not.toEqual(wave(100));
    data.dispose();
    expect(mockDriver.free(pointer)).toBe(true); // it was still the library's own
  });

  it("finds its own context current again after every call", () => {
    const before = mockDriver.live().contextDepth;
    mockDriver.pushContext(1);
    const p = parameter(cuda.from(wave(9)), { grad: cuda.from(wave(9)) });
    const optimizer = new AdaBelief([p]);
    optimizer.step({ maxGradNorm: 1 });
    thrownBy(() => cuda.wrap({ pointer: 4096n, length: 1 }));
    optimizer.stateDict();
    optimizer.dispose();
    p.data.dispose();
    expect([mockDriver.currentDevice(), mockDriver.live().contextDepth]).toEqual([1, before + 1]);
    mockDriver.popContext();
    expect(mockDriver.live().contextDepth).toBe(before);
  });
});
