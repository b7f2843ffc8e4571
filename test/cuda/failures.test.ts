// Every call of the driver may fail, at any time. What called it says so with a code and has changed nothing: asked again, it does what
// it would have done, and in the end nothing is left over. Or the optimizer says that it is lost.
import { onMockDriverAlone } from "../helpers/mock-driver";
import { mockDriverResult } from "../helpers/mock-driver-script";

/** A life of an optimizer on a device, as a list of acts. */
const life = `
  const begin = () => ({ a: [], stream: mockDriver.makeStream(0) });
  const make = (length, device) => parameter(cuda.from(wave(length), { device }), { grad: cuda.from(wave(length, 3), { device }), shape: [1, length] });
  const acts = {
    "the first array": (w) => { w.a[0] ??= make(5, 0); },
    "a second": (w) => { w.a[1] ??= make(5000, 0); },
    "a wrapped one": (w) => {
      w.owner ??= cuda.allocate(8);
      w.a[2] ??= parameter(cuda.wrap({ pointer: w.owner.pointer + 4n, length: 4, owner: w.owner }), { grad: w.a[0].data.length ? cuda.from(wave(4)) : null });
    },
    "one on the host": (w) => {
      w.a[3] ??= parameter(wave(70), { grad: wave(70, 1) });
    },
    "an optimizer": (w) => { w.o ??= new AdaBelief([{ params: w.a.slice(0, 2) }, { params: w.a.slice(2), lr: 0.1, centralize: "all" }]); },
    "a step": (w) => w.o.step(),
    "a clipped step": (w) => w.o.step({ maxGradNorm: 0.5 }),
    "a step in the order of a stream": (w) => w.o.step({ stream: w.stream }),
    "an asynchronous step": (w) => w.o.stepAsync({ skipNonFinite: true }),
    "a step with amsgrad": (w) => { w.o.paramGroups[0].amsgrad = true; return w.o.step(); },
    "new gradients": (w) => { const grad = cuda.from(wave(5, 1)); w.a[0].grad.dispose(); w.a[0].grad = grad; },
    "written gradients": (w) => w.a[1].grad.write(wave(5000, 7)),
    "a step with them": (w) => w.o.step(),
    "waiting": (w) => w.o.synchronize(),
    "reading": (w) => { w.read = hex(w.a[1].data.read()); },
    "reading asynchronously": async (w) => { w.copy = hex(await w.a[0].data.readAsync()); },
    "a state dict": (w) => { w.dict = w.o.stateDict(); },
    "a checkpoint": (w) => w.o.saveState(path, { parameters: true }),
    "a step beyond it": (w) => w.o.step(),
    "its loading": (w) => w.o.loadState(path, { parameters: true }),
    "the dict's loading": (w) => w.o.loadStateDict(w.dict),
    "zeroGrad": (w) => w.o.zeroGrad(),
    "a step of zeros": (w) => w.o.step(),
    "the end": (w) => {
      w.bits ??= [w.a.map(({ data }) => hex(data.read?.() ?? data)), JSON.stringify(w.o.stateDict(), (_, v) => ArrayBuffer.isView(v) ? hex(v) : v)];
    },
    "reset": (w) => w.o.reset(),
    "dispose": (w) => w.o.dispose(),
    "disposal of the arrays": (w) => [...w.a.flatMap(({ data, grad }) => [data, grad]), w.owner].forEach((array) => array.dispose?.()),
  };
  const path = require("node:path").join(require("node:os").tmpdir(), "adabelief-failures-" + process.pid);
  process.on("exit", () => require("node:fs").rmSync(path, { force: true }));
`;

/** The same for sparse gradients, whose lists are others at each step. */
const sparseLife = `
  const begin = () => ({});
  const rows = (count) => Uint32Array.from({ length: count }, (_, k) => (5 * k) % 8);
  const acts = {
    "a table": (w) => { w.table ??= parameter(cuda.from(wave(24)), { shape: [8, 3], grad: null }); },
    "its values": (w) => { w.values ??= cuda.from(wave(300)); w.table.grad = { rows: rows(100), values: w.values }; },
    "an optimizer": (w) => { w.o ??= new Adam([w.table], { sparse_step: "row", centralize: "all" }); },
    "a step": (w) => w.o.step(),
    "other values": (w) => { w.others ??= cuda.from(wave(9)); w.table.grad = { rows: Uint32Array.of(5, 2, 5), values: w.others }; },
    "a clipped step": (w) => w.o.step({ maxGradNorm: 0.5 }),
    "the first values": (w) => { w.table.grad = { rows: rows(100), values: w.values }; },
    "an asynchronous step": (w) => w.o.stepAsync({ skipNonFinite: true }),
    "a state dict": (w) => { w.dict = w.o.stateDict(); },
    "its loading": (w) => w.o.loadStateDict(w.dict),
    "a step after it": (w) => w.o.step(),
    "the end": (w) => {
      w.bits ??= [hex(w.table.data.read()), JSON.stringify(w.o.stateDict(), (_, v) => ArrayBuffer.isView(v) ? hex(v) : v)];
    },
    "zeroGrad": (w) => w.o.zeroGrad(),
    "dispose": (w) => w.o.dispose(),
    "disposal of the arrays": (w) => [w.table.data, w.values, w.others].forEach((array) => array.dispose()),
  };
`;

/** What remains of a life, without the collector's help but for what the collector alone gives back. */
const sweep = (life: string, updated: number) => `
  ${life}
  const left = async () => { await settle(); const { modules: _, ...live } = mockDriver.live(); return live; };
  /** Lives once, with one call failing; returns what was wrong with that. */
  const live = async (prepare, wanted) => {
    const base = await left();
    const problems = [];
    const world = begin();
    mockDriver.reset();
    prepare();
    let refusals = 0;
    let lost = false;
    for (const [name, act] of Object.entries(acts)) {
      const depth = mockDriver.live().contextDepth;
      for (let attempt = 0; attempt < 3; ++attempt) {
        try {
          const report = await act(world);
          if (report?.updated !== undefined && report.updated !== ${updated}) problems.push(name + " updated " + report.updated);
          break;
        } catch (error) {
          refusals += 1;
          if (attempt > 0 && !lost) problems.push(name + " failed again: " + error.code + " " + error.message);
          if (!/^ERR_(CUDA|OUT_OF_MEMORY)/.test(error.code ?? "")) problems.push(name + ": " + error.stack);
          if (error.code === "ERR_CUDA_LOST") lost = true;
        }
      }
      if (mockDriver.live().contextDepth !== depth) problems.push(name + ": the context before was not put back");
    }
    if (lost) {
      for (const method of ["step", "zeroGrad", "stateDict", "synchronize", "reset"]) {
        const code = await codeOf(() => world.o[method]());
        if (!["ERR_CUDA_LOST", "ERR_DISPOSED"].includes(code)) problems.push(method + " of the lost one: " + code);
      }
      world.o.dispose();
      acts["disposal of the arrays"](world);
    } else if (wanted !== null && JSON.stringify(world.bits) !== JSON.stringify(wanted)) problems.push("the bits are others");
    const bits = world.bits;
    for (const key of Object.keys(world)) delete world[key];
    const now = await left();
    for (const key of Object.keys(now)) {
      // Where a finalizer could not give something back, there is nobody to be told, and it is the driver's for good.
      const excused = refusals === 0 && ["allocations", "bytes", "events"].includes(key) && (key === "bytes" || now[key] === base[key] + 1);
      if (now[key] !== base[key] && !excused) problems.push("left over: " + (now[key] - base[key]) + " " + key);
    }
    return { problems, refusals, lost, bits };
  };
`;

interface Outcome {
  case: string;
  problems: string[];
  refusals: number;
  lost: boolean;
}

onMockDriverAlone("a call of the driver that fails", () => {
  /** Lives once for each call that fails. */
  const outcomesOf = (lived: string) =>
    mockDriverResult(`
      ${lived}
      (async () => {
        await live(() => undefined, null);
        const clean = await live(() => undefined, null);
        const counts = mockDriver.counts();
        const outcomes = [{ case: "no failure", ...clean, bits: undefined }];
        for (const [call, count] of Object.entries(counts)) {
          if (/GetError|CtxPop/.test(call)) continue;
          for (const result of [2, 801]) {
            const places = new Set([0, 1, 2, 5, 13, 34, 89].concat(count - 1, count - 2).filter((k) => k >= 0 && k < count));
            for (const after of places) {
              const outcome = await live(() => mockDriver.fail(call, { after, result }), clean.bits);
              outcomes.push({ case: call + " answers " + result + " after " + after + " of " + count, ...outcome, bits: undefined });
            }
          }
        }
        print(outcomes);
      })();`) as Outcome[];

  it("once, at any place, is an error with a code that changes nothing, or a clear loss; and nothing is left over", () => {
    const outcomes = outcomesOf(sweep(life, 4));
    expect(outcomes.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(100);
    expect(outcomes.filter(({ refusals }) => refusals > 0).length).toBeGreaterThan(80);
  }, 120_000);

  it("the same with sparse gradients", () => {
    const outcomes = outcomesOf(sweep(sparseLife, 1));
    expect(outcomes.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(outcomes.filter(({ refusals }) => refusals > 0).length).toBeGreaterThan(60);
  }, 120_000);
});
