// Memory on devices is held as long as somebody can use it, and not longer.
import { onMockDriverAlone } from "../helpers/mock-driver";
import { mockDriverResult } from "../helpers/mock-driver-script";

/** Runs an act between two looks at what there is, the second after garbage collection. */
const around = (act: string) => `
  const live = () => { const { allocations, bytes, opened, events, contextDepth } = mockDriver.live(); return { allocations, bytes, opened, events, contextDepth }; };
  const model = (length = 1000) => parameter(cuda.from(wave(length)), { grad: cuda.from(wave(length)) });
  (async () => {
    const before = live();
    const result = await (async () => { ${act} })();
    await settle();
    print({ result, left: JSON.stringify(live()) === JSON.stringify(before) ? "nothing" : live() });
  })();`;

onMockDriverAlone("memory on a device", () => {
  it.each([
    ["an array that nobody holds", "cuda.from(wave(1000));"],
    ["an array that was disposed of", "cuda.from(wave(1000)).dispose();"],
    ["an optimizer that nobody holds", "new AdaBelief([model()]).step();"],
    ["an optimizer that was disposed of", "const o = new AdaBelief([model()]); o.step(); o.dispose();"],
    [
      "clipped steps on both devices",
      `
      const params = [0, 1].map((device) => parameter(cuda.from(wave(9), { device }), { grad: cuda.from(wave(9), { device }) }));
      new AdaBelief(params).step({ maxGradNorm: 1 });`,
    ],
    ["asynchronous steps", "const o = new AdaBelief([model()]); for (let i = 0; i < 5; ++i) await o.stepAsync();"],
    ["a step that was refused", "const p = model(); p.grad = cuda.allocate(3); await codeOf(() => new AdaBelief([p]).step());"],
    [
      "zeros of a refused step whose option was turned off again",
      `
      const p = model(); const o = new Adam([p]); o.step();
      const good = p.grad; p.grad = cuda.allocate(3); o.paramGroups[0].lookahead = { k: 2 };
      await codeOf(() => o.step()); p.grad.dispose(); p.grad = good; o.paramGroups[0].lookahead = null; o.step(); o.dispose();`,
    ],
    [
      "a Lookahead that was reset and loaded",
      `
      const p = model(); const o = new Lookahead(new Adam([p])); o.step();
      const saved = o.stateDict(); o.reset(); o.loadStateDict(saved); o.step();`,
    ],
    [
      "an average that was turned off, reset, loaded and exchanged",
      `
      const p = model(); const o = new Adam([p], { ema: {} }); o.step();
      const saved = o.stateDict(); o.paramGroups[0].ema = null; o.step(); o.loadStateDict(saved); o.step();
      o.reset(); o.loadStateDict(saved); o.swapEma(); o.dispose();`,
    ],
    [
      "a dict that was refused",
      `
      const p = model(); const o = new Adam([p]); o.step();
      const saved = o.stateDict(); delete saved.state[0].exp_avg_sq; await codeOf(() => o.loadStateDict(saved));`,
    ],
    [
      "a wrapped array",
      "const pointer = mockDriver.allocate(0, 400); cuda.wrap({ pointer, length: 100 }); await settle(); mockDriver.free(pointer);",
    ],
    ["copies under way", "await Promise.all(Array.from({ length: 5 }, () => cuda.from(wave(1000)).readAsync()));"],
  ])("is given back: %s", (_, act) => {
    expect(mockDriverResult(around(act))).toMatchObject({ left: "nothing" });
  });

  it("is given back at once by dispose, not by the collector", () => {
    const act = `
      const array = cuda.allocate(1000);
      const during = mockDriver.live().bytes;
      array.dispose();
      const p = model();
      const optimizer = new Adam([p]);
      const small = mockDriver.live().allocations;
      optimizer.step();
      const large = mockDriver.live().allocations;
      const state = optimizer.state.get(p).exp_avg;
      optimizer.dispose();
      return [during - mockDriver.live().bytes, large - small >= 2, state.disposed];`;
    const { result } = mockDriverResult(around(act)) as { result: unknown[] };
    expect(result[0]).toBeLessThanOrEqual(4000);
    expect(result.slice(1)).toEqual([true, true]);
  });

  it("is kept while a promise needs it, though nobody holds the arrays", () => {
    const act = `
      const run = () => { const p = model(); return new AdaBelief([p]).stepAsync(); };
      const reports = [];
      for (let i = 0; i < 10; ++i) { const promise = run(); gc(); await settle(); reports.push((await promise).updated); }
      return reports;`;
    expect(mockDriverResult(around(act))).toEqual({ result: Array(10).fill(1), left: "nothing" });
  });

  it("that was wrapped keeps its owner alive, until it is disposed of", () => {
    const act = `
      const memory = mockDriver.allocate(0, 400);
      let gone = false;
      const registry = new FinalizationRegistry(() => (gone = true));
      const wrap = () => {
        const owner = { the: "tensor" };
        registry.register(owner);
        return cuda.wrap({ pointer: memory, length: 100, owner });
      };
      const array = wrap();
      await settle();
      const held = !gone;
      array.dispose();
      await settle();
      mockDriver.free(memory);
      return [held, gone, array.disposed];`;
    expect(mockDriverResult(around(act))).toEqual({ result: [true, true, true], left: "nothing" });
  });

  it("may be collected at any moment between steps, and the bits stay right", () => {
    const act = `
      const lengths = Array.from({ length: 12 }, (_, k) => k * 5);
      const device = lengths.map((length) => parameter(cuda.from(wave(length)), {}));
      const host = lengths.map((length) => parameter(wave(length), {}));
      const [one, other] = [new AdaBelief(device), new AdaBelief(host)];
      for (let step = 0; step < 20; ++step) {
        lengths.forEach((length, k) => {
          if ((step + k) % 3 === 0) device[k].data = cuda.from(device[k].data.read());
          device[k].grad = cuda.from(wave(length, step));
          host[k].grad = wave(length, step);
        });
        one.step();
        other.step();
        if (step % 4 === 0) await settle();
      }
      return device.every(({ data }, k) => hex(data.read()) === hex(host[k].data));`;
    expect(mockDriverResult(around(act))).toEqual({ result: true, left: "nothing" });
  });
});
