// Two processes, one memory: what one computes, the other steps.
import { spawn } from "node:child_process";
import { AdaBelief, cuda, parameter, type CudaArray } from "../../lib";
import { expectSameBits } from "../helpers/bits";
import { thrownBy } from "../helpers/snapshot";
import { onGpu, mockDriver } from "../helpers/mock-driver";

/** 2 MiB: the driver puts smaller allocations into common blocks, and a handle shares a whole block. */
const shared = 2 ** 19;

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i + 1));
const root = `${__dirname}/../..`;

/** A process that opens arrays by their handles, computes gradients (half of each value) as it is told, and says when it is done. */
const other = `
  const { cuda } = require(${JSON.stringify(root)});
  let arrays;
  process.on("message", ({ open, close }) => {
    let code = null;
    try {
      serve({ open, close });
    } catch (error) {
      code = error.code;
    }
    process.send?.({ length: arrays?.[0].length, code }, () => undefined);
  });
  const serve = ({ open, close }) => {
    if (open) arrays = open.map((handle) => cuda.openIpc({ ...handle, handle: Uint8Array.from(handle.handle) }));
    else if (close) { arrays.forEach((array) => array.dispose()); process.disconnect(); }
    else arrays[1].write(arrays[0].read().map((value) => value / 2));
  };
`;

async function withOther(act: (ask: (message: object) => Promise<unknown>) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, ["--eval", other], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env },
    cwd: root,
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    await act(
      (message) =>
        new Promise((resolve, reject) => {
          child.once("message", resolve);
          child.once("exit", (status) => reject(new Error(`the other process ended with ${status}`)));
          child.send(message);
        }),
    );
  } finally {
    child.kill();
    await ended;
  }
}

const plain = (array: CudaArray) => {
  const { handle, ...rest } = array.ipcHandle();
  return { ...rest, handle: [...handle] };
};

describe("memory of another process", () => {
  it("is stepped where it lies, without a copy: the other computes gradients, this one steps", async () => {
    const [data, grad] = [cuda.from(wave(shared)), cuda.allocate(shared)];
    const host = parameter(wave(shared), { grad: new Float32Array(shared) });
    const [device, reference] = [new AdaBelief([parameter(data, { grad })]), new AdaBelief([host])];
    await withOther(async (ask) => {
      expect(await ask({ open: [plain(data), plain(grad)] })).toMatchObject({ length: shared });
      for (let step = 0; step < 5; ++step) {
        await ask({});
        device.step();
        device.synchronize();
        host.grad = host.data.map((value) => value / 2);
        reference.step();
      }
    });
    expectSameBits(data.read(), host.data, "after five steps");
  });

  it("may begin anywhere in an allocation", async () => {
    const owner = cuda.from(wave(shared));
    const part = (begin: number, length: number) => cuda.wrap({ pointer: owner.pointer + BigInt(4 * begin), length, owner });
    expect(part(7, 5).ipcHandle()).toMatchObject({ offset: 28, length: 5, device: 0 });
    await withOther(async (ask) => {
      await ask({ open: [plain(part(7, 5)), plain(part(50, 5))] });
      await ask({});
    });
    const wanted = wave(shared);
    wanted.set(
      wave(12)
        .subarray(7, 12)
        .map((value) => value / 2),
      50,
    );
    expectSameBits(owner.read(), wanted, "the whole");
  });

  it("is described by plain data, which structuredClone keeps", () => {
    using array = cuda.from(wave(3));
    const handle = array.ipcHandle();
    expect(structuredClone(handle)).toEqual(handle);
    expect([handle.handle.length, handle.offset, handle.length, handle.device]).toEqual([64, 0, 3, 0]);
  });

  it("does not reach into what lies behind it", () => {
    if (onGpu) return void process.stderr.write("\nSKIPPED, not passed: a process that opens its own handle, on a GPU\n");
    mockDriver.ipcWithinProcess(true);
    const [low, high] = [cuda.from(wave(10)), cuda.from(wave(10))].sort((a, b) => Number(a.pointer - b.pointer)) as [
      CudaArray,
      CudaArray,
    ];
    const { opened } = mockDriver.live();
    const elsewhere = { ...low.ipcHandle(), offset: Number(high.pointer - low.pointer) };
    expect(thrownBy(() => cuda.openIpc(elsewhere))).toMatchObject({ code: "ERR_CUDA_POINTER" });
    expect(mockDriver.live().opened).toBe(opened);
    mockDriver.ipcWithinProcess(false);
  });

  it("is let go of when the device is done with it", () => {
    if (onGpu) return void process.stderr.write("\nSKIPPED, not passed: a process that opens its own handle, on a GPU\n");
    mockDriver.ipcWithinProcess(true);
    const owner = cuda.from(wave(10));
    const opened = cuda.openIpc(owner.ipcHandle());
    mockDriver.reset();
    opened.dispose();
    expect(mockDriver.counts()).toMatchObject({ cuCtxSynchronize: 1, cuIpcCloseMemHandle: 1 });
    owner.dispose();
  });

  it("cannot be opened beyond its end, nor in the process that made it", async () => {
    const array = cuda.from(wave(shared));
    expect(thrownBy(() => cuda.openIpc(array.ipcHandle()))).toMatchObject({ code: "ERR_CUDA" });
    await withOther(async (ask) => {
      const message = { open: [{ ...plain(array), length: shared + 1 }] };
      expect(await ask(message)).toEqual({ code: "ERR_CUDA_POINTER" });
    });
  });
});
