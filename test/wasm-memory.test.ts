// WebAssembly's memory: what fills it, what is given back, and what a step does where something runs out.
import { exact } from "../lib/wasm/modules";
import { resultOf } from "./helpers/script";

const run = (code: string) =>
  resultOf(
    `const code = (use) => { try { return use() ?? "done"; } catch (error) { return error.code ?? error.message; } };
     const filled = (length, value) => new Float32Array(length).fill(value);
     const of = (length) => adabelief.parameter(filled(length, 1), { grad: filled(length, 1) });
     (async () => console.log(JSON.stringify(await (async () => { ${code} })())))();`,
    { flags: ["--expose-gc"], env: { ADABELIEF_BACKEND: "wasm" } },
  );

const wasm = exact === "" ? describe.skip : describe;

wasm("memory that is full", () => {
  const fill = `
    const { buffer } = adabelief.cpu.allocate(16);
    for (const size of [1 << 20, 1 << 14, 1 << 8, 16, 1]) while (adabelief.cpu.allocate(size).buffer === buffer);`;

  it("leaves room for tables, norms and pieces", () => {
    const found = run(`${fill}
      const p = of(1000);
      const optimizer = new adabelief.AdaBelief([p]);
      return [optimizer.step({ maxGradNorm: 1 }).updated, code(() => void adabelief.clipGradNorm([p], 1))];`);
    expect(found).toEqual([1, "done"]);
  });

  it("refuses more parameters than a table has room for, and changes nothing", () => {
    const found = run(`${fill}
      const p = of(10);
      const optimizer = new adabelief.AdaBelief([p]);
      optimizer.step();
      const tables = [];
      const few = code(() => { for (;;) tables.push(new adabelief.AdaBelief([of(1)])); });
      const more = code(() => optimizer.addParamGroup({ params: Array.from({ length: 50000 }, () => of(1)) }));
      const { updated } = optimizer.step();
      return { few, more, updated, groups: optimizer.paramGroups.length };`);
    expect(found).toEqual({ few: "ERR_OUT_OF_MEMORY", more: "ERR_OUT_OF_MEMORY", updated: 1, groups: 1 });
  });
});

wasm("state", () => {
  it("stays what it is as long as a program has a part of it", () => {
    const found = run(`
      const parts = await (async () => {
        const p = of(1000);
        const optimizer = new adabelief.AdaBelief([p]);
        optimizer.step();
        return [optimizer.state.get(p).exp_avg.subarray(0, 10)];
      })();
      const [before] = parts[0];
      for (let i = 0; i < 20; ++i) { gc(); await new Promise((done) => setTimeout(done, 2)); }
      const later = Array.from({ length: 50 }, () => new adabelief.AdaBelief([of(1000)]));
      for (const optimizer of later) for (let i = 0; i < 3; ++i) optimizer.step();
      return before === parts[0][0];`);
    expect(found).toBe(true);
  });

  it("is freed with an optimizer that was garbage collected", () => {
    const found = run(`
      const { buffer } = adabelief.cpu.allocate(16);
      for (let i = 0; i < 40; ++i) {
        const p = of(1 << 20);
        new adabelief.AdaBelief([p]).step();
        gc();
        await new Promise((done) => setTimeout(done, 2));
      }
      return adabelief.cpu.allocate(1 << 22).buffer === buffer;`);
    expect(found).toBe(true);
  });
});

wasm("a step", () => {
  it.each(["new Float32Array(100000)", "adabelief.cpu.allocate(100000)"])(
    "over %s is made or not made where JavaScript's stack runs out",
    (memory) => {
      const found = run(`
        const data = (${memory}).fill(1);
        const optimizer = new adabelief.AdaBelief([adabelief.parameter(data, { grad: (${memory}).fill(1) })]);
        let wrong = 0, refused = 0;
        for (let left = 0; left < 60; ++left) {
          const before = data[0];
          let found, climbed = 0;
          const dive = () => {
            try { dive(); } catch {
              if (found === undefined && climbed++ === left) found = code(() => optimizer.step().updated);
              throw 0;
            }
          };
          try { dive(); } catch {}
          if (found !== 1) ++refused;
          if ((found === 1) !== (data[0] !== before) || data[0] !== data[99999]) ++wrong;
        }
        const before = data[0];
        optimizer.step();
        return { wrong, some: refused > 0, works: data[0] !== before && data[0] === data[99999] };`);
      expect(found).toEqual({ wrong: 0, some: true, works: true });
    },
  );
});

wasm("accumulate", () => {
  it("takes more arrays than have room at once", () => {
    const found = run(`
      const into = filled(4000, 1);
      adabelief.accumulate(into, Array.from({ length: 2500 }, () => filled(4000, 1)));
      return [into[0], into[3999]];`);
    expect(found).toEqual([2501, 2501]);
  });
});
