// A device that fails in the middle takes what it held with it. The optimizer says so from then on, and the rest of the process goes on.
import { onMockDriverAlone } from "../helpers/mock-driver";
import { mockDriverResult } from "../helpers/mock-driver-script";

const methods = `
  const methods = {
    step: (o) => o.step(),
    "step with a closure": (o) => o.step(() => 0),
    stepAsync: (o) => o.stepAsync(),
    zeroGrad: (o) => o.zeroGrad(),
    "zeroGrad to none": (o) => o.zeroGrad({ set_to_none: true }),
    addParamGroup: (o) => o.addParamGroup({ params: [parameter(new Float32Array(1))] }),
    reset: (o) => o.reset(),
    stateDict: (o) => o.stateDict(),
    loadStateDict: (o) => o.loadStateDict({ state: {}, param_groups: [] }),
    saveState: (o) => o.saveState("/tmp/never"),
    loadState: (o) => o.loadState("/tmp/never"),
    synchronize: (o) => o.synchronize(),
  };
  const make = (device) => {
    const p = parameter(cuda.from(wave(9), { device }), { grad: cuda.from(wave(9), { device }) });
    const optimizer = new AdaBelief([p]);
    optimizer.step();
    return { p, optimizer };
  };
`;

const ways: [string, string][] = [
  ["while it steps", "mockDriver.lose(700); await codeOf(() => optimizer.step());"],
  ["during a launch", `mockDriver.fail("cuLaunchKernel", { result: 719 }); await codeOf(() => optimizer.step());`],
  [
    "when another library resets it",
    `mockDriver.fail("cuCtxPushCurrent_v2", { result: 201 }); await codeOf(() => optimizer.step());`,
  ],
  [
    "after a launch, which shows when it is waited for",
    "optimizer.step(); mockDriver.lose(700); await codeOf(() => optimizer.synchronize());",
  ],
  ["under an asynchronous step", "const promise = optimizer.stepAsync(); mockDriver.lose(700); await codeOf(() => promise);"],
  ["while a state dict is read", "mockDriver.lose(700); await codeOf(() => optimizer.stateDict());"],
  ["while a gradient is filled", "mockDriver.lose(700); await codeOf(() => optimizer.zeroGrad());"],
];

onMockDriverAlone("a device that is lost", () => {
  it.each(ways)("%s: every later method but dispose says so", (_, lose) => {
    const code = `${methods}
      (async () => {
        const { optimizer } = make(0);
        ${lose}
        const codes = {};
        for (const [name, method] of Object.entries(methods)) codes[name] = await codeOf(() => method(optimizer));
        const { message } = await Promise.resolve().then(() => optimizer.step()).catch((error) => error);
        optimizer.dispose();
        print({ codes: [...new Set(Object.values(codes))], message, disposed: await codeOf(() => optimizer.step()) });
      })();`;
    expect(mockDriverResult(code)).toEqual({
      codes: ["ERR_CUDA_LOST"],
      message: expect.stringMatching(/^This AdaBelief is lost, because a device failed: .*CUDA device 0.*checkpoint/) as string,
      disposed: "ERR_DISPOSED",
    });
  });

  it("does not take an optimizer with it whose closure only read from there", () => {
    const code = `${methods}
      (async () => {
        const there = cuda.from(wave(3), { device: 1 });
        const { optimizer } = make(0);
        mockDriver.lose(700, 1);
        const closure = await codeOf(() => optimizer.step(() => void there.read()));
        print({ closure, step: await codeOf(() => optimizer.step()) });
      })();`;
    expect(mockDriverResult(code)).toEqual({ closure: "ERR_CUDA_LOST", step: "done" });
  });

  it("answers every call on it with that, and arrays that lay there can be disposed of", () => {
    const code = `${methods}
      (async () => {
        const { p, optimizer } = make(0);
        mockDriver.lose(719);
        const acts = [() => p.data.read(), () => p.data.readAsync(), () => p.data.write(wave(9)), () => cuda.allocate(3),
          () => cuda.from(wave(3)), () => p.data.ipcHandle(), () => cuda.wrap({ pointer: 4096n, length: 1 }),
          () => new Adam([p]).step()];
        const codes = [];
        for (const act of acts) codes.push(await codeOf(act));
        const disposals = [await codeOf(() => p.data.dispose()), await codeOf(() => p.data.dispose()), await codeOf(() => optimizer.dispose())];
        print({ codes, disposals, available: cuda.available, disposed: p.data.disposed });
      })();`;
    expect(mockDriverResult(code)).toEqual({
      codes: Array(8).fill("ERR_CUDA_LOST"),
      disposals: ["done", "done", "done"],
      available: true,
      disposed: true,
    });
  });

  it("leaves the other device, the host, and what was saved before alone", () => {
    const code = `${methods}
      (async () => {
        const [first, second] = [make(0), make(1)];
        const host = parameter(wave(9), { grad: wave(9) });
        const onHost = new AdaBelief([host]);
        onHost.step();
        const saved = first.optimizer.stateDict();
        const values = first.p.data.read();
        mockDriver.lose(700, 0);
        const codes = [await codeOf(() => first.optimizer.step()), await codeOf(() => second.optimizer.step()), await codeOf(() => onHost.step())];
        const rescued = parameter(values, { grad: wave(9) });
        const optimizer = new AdaBelief([rescued]);
        optimizer.loadStateDict(saved);
        optimizer.step();
        print({ codes, same: hex(rescued.data) === hex(host.data) && hex(second.p.data.read()) === hex(host.data) });
      })();`;
    expect(mockDriverResult(code)).toEqual({ codes: ["ERR_CUDA_LOST", "done", "done"], same: true });
  });

  it("marks an optimizer whose step was half done, though the device lives on", () => {
    const code = `${methods}
      (async () => {
        const params = [5, 6].map((length) => parameter(cuda.from(wave(length)), { grad: cuda.from(wave(length)) }));
        const optimizer = new AdaBelief([{ params: [params[0]] }, { params: [params[1]], lr: 0.1 }]);
        optimizer.step();
        mockDriver.fail("cuLaunchKernel", { after: 1, result: 701 });
        const codes = [await codeOf(() => optimizer.step()), await codeOf(() => optimizer.step())];
        optimizer.dispose();
        print([...codes, await codeOf(() => new AdaBelief(params).step())]);
      })();`;
    expect(mockDriverResult(code)).toEqual(["ERR_CUDA_LOST", "ERR_CUDA_LOST", "done"]);
  });
});
