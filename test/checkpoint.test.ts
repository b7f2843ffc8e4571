// A checkpoint holds what training needs to go on, and a load takes over all of it or nothing.
import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { AdaBelief, parameter, type AdaBeliefGroupOptions021, type Parameter } from "../lib";
import { bitsOf, expectSameBits } from "./helpers/bits";
import { fails, trained } from "./helpers/checkpoint";
import { itNatively } from "./helpers/engine";
import { temporaryFolder } from "./helpers/folder";
import { gradientsAt, initialValues, tensorsIn } from "./helpers/golden";
import { decode, floatsOf } from "./helpers/safetensors";
import { resultOf } from "./helpers/script";
import { snapshot, thrownBy } from "./helpers/snapshot";

const at = temporaryFolder();

describe("a checkpoint", () => {
  it.each<AdaBeliefGroupOptions021>([{}, { amsgrad: true, rectify: false }, { lr: 0.1 + 0.2, eps: 1e-300, betas: [0, 0.1] }])(
    "restores options, state and values after %j",
    async (options) => {
      const { optimizer, parameters } = trained(options);
      const before = snapshot(optimizer, parameters);
      await optimizer.saveState(at("all"), { parameters: true });
      const other = trained({}, 1);
      for (const group of other.optimizer.paramGroups) group.lr = 7;
      const arrays = other.parameters.map(({ data }) => data);
      expect(await other.optimizer.loadState(at("all"), { parameters: true })).toEqual({ extra: undefined });
      expect(snapshot(other.optimizer, other.parameters)).toEqual(before);
      other.parameters.forEach(({ data }, k) => expect(data).toBe(arrays[k]));
    },
  );

  it("keeps options that JSON would lose", async () => {
    const { optimizer } = trained();
    const [body, rest] = optimizer.paramGroups as unknown as [object, object];
    Object.assign(body, { lr: Infinity, initial_lr: -0 });
    Object.assign(rest, { initial_lr: -Infinity });
    await optimizer.saveState(at("infinite"));
    const other = trained();
    await other.optimizer.loadState(at("infinite"));
    expect(other.optimizer.paramGroups[0]).toMatchObject({ lr: Infinity, initial_lr: -0 });
    expect(other.optimizer.paramGroups[1]?.initial_lr).toBe(-Infinity);
  });

  it("keeps every bit of the arrays, NaN among them", async () => {
    const { optimizer, parameters } = trained();
    const special = [NaN, Infinity, -Infinity, -0, 1e-45, -3e-39, 3.4e38, 0, 1, -1, 0.1, 1e-20];
    optimizer.state.get(parameters[2] as Parameter)?.exp_avg.set(special);
    await optimizer.saveState(at("bits"));
    const other = trained();
    await other.optimizer.loadState(at("bits"));
    const read = other.optimizer.state.get(other.parameters[2] as Parameter)?.exp_avg as Float32Array;
    expectSameBits(read, Float32Array.from(special), "exp_avg");
  });

  it("leaves the parameters alone unless they are asked for", async () => {
    const { optimizer } = trained();
    await optimizer.saveState(at("values"), { parameters: true });
    const other = trained({}, 0);
    await other.optimizer.loadState(at("values"));
    for (const { data } of other.parameters) expect([...data]).toEqual([...data].fill(1));
    expect(other.optimizer.state.get(other.parameters[0] as Parameter)?.step).toBe(3);
  });

  it("has no parameters unless they were given to it, and says so", async () => {
    const { optimizer, parameters } = trained();
    await optimizer.saveState(at("no values"));
    const before = snapshot(optimizer, parameters);
    const error = await fails(optimizer.loadState(at("no values"), { parameters: true }));
    expect(error).toMatchObject({ code: "ERR_CHECKPOINT" });
    expect(error.message).toContain(`${at("no values")}: it holds no parameters: it was saved without { parameters: true }`);
    expect(snapshot(optimizer, parameters)).toEqual(before);
  });

  it("holds values as they were when saveState was called, though training goes on", async () => {
    const { optimizer, parameters } = trained();
    const before = snapshot(optimizer, parameters);
    const saving = optimizer.saveState(at("moving"), { parameters: true });
    for (let i = 0; i < 5; ++i) optimizer.step();
    for (const group of optimizer.paramGroups) group.lr = 0;
    await saving;
    const other = trained();
    await other.optimizer.loadState(at("moving"), { parameters: true });
    expect(snapshot(other.optimizer, other.parameters)).toEqual(before);
  });

  it("may be larger than what is written and read at once, and end anywhere", async () => {
    const lengths = [3, 1 << 20, (1 << 20) + 1, 0, 5, 2_500_000, (1 << 20) - 1, 1];
    const make = () => lengths.map((length) => parameter(new Float32Array(length), { grad: new Float32Array(length).fill(1) }));
    const parameters = make();
    const optimizer = new AdaBelief(parameters);
    optimizer.step();
    parameters.forEach(({ data }, k) => randomFillSync(data.fill(k)));
    const bytes = (array: Float32Array | undefined) => Buffer.from((array as Float32Array).slice().buffer);
    await optimizer.saveState(at("large"), { parameters: true });
    for (const wanted of [true, false]) {
      const others = make();
      const other = new AdaBelief(others);
      await other.loadState(at("large"), { parameters: wanted });
      others.forEach(({ data }, k) => {
        const original = parameters[k] as Parameter;
        expect([k, bytes(data).equals(bytes(original.data))]).toEqual([k, wanted || lengths[k] === 0]);
        const [ours, theirs] = [optimizer.state.get(original), other.state.get(others[k] as Parameter)];
        expect([k, bytes(theirs?.exp_avg_var).equals(bytes(ours?.exp_avg_var))]).toEqual([k, true]);
      });
    }
  });

  it("has the layout that its page describes", async () => {
    const { optimizer, parameters } = trained({ version: "0.0.5", rectify: true } as object);
    await optimizer.saveState(at("layout"), { parameters: true, extra: { epoch: 3 } });
    const { metadata, tensors } = decode(readFileSync(at("layout")));
    expect(Object.keys(tensors)).toEqual([
      ...["state.0.step", "state.0.rho_inf", "state.0.rho_t", "state.2.step", "state.2.rho_inf"],
      ...["state.0.exp_avg", "state.0.exp_avg_var", "state.2.exp_avg", "state.2.exp_avg_var"],
      ...["param.0", "param.1", "param.2", "crc32"],
    ]);
    expect(tensors["state.2.step"]).toMatchObject({ dtype: "I64", shape: [], bytes: Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0) });
    expect(tensors["state.2.exp_avg"]).toMatchObject({ dtype: "F32", shape: [3, 4] });
    expect(tensors["state.0.rho_inf"]).toMatchObject({ dtype: "F64", shape: [] });
    expectSameBits(floatsOf(tensors["param.2"] as never), (parameters[2] as Parameter).data, "param.2");
    expect(metadata["format_version"]).toBe("1");
    expect(metadata["extra"]).toBe('{"epoch":3}');
    expect(JSON.parse(metadata["state_dict"] as string)).toMatchObject({
      ...{ optimizer: "AdaBelief", version: "0.0.5" },
      param_groups: [
        { name: "body", params: [0, 1] },
        { lr: 0.1, initial_lr: 0.3, params: [2], param_names: ["weight"] },
      ],
    });
  });

  it("is taken from and written to a file: URL too", async () => {
    const { optimizer } = trained();
    await optimizer.saveState(pathToFileURL(at("by url")), { extra: 1 });
    expect(await optimizer.loadState(pathToFileURL(at("by url")))).toEqual({ extra: 1 });
  });
});

describe("training that is resumed from a checkpoint", () => {
  const options = { version: "0.2.1", amsgrad: true, rectify: false, weight_decay: 1e-2 } as const;
  const make = (whole: Float32Array) => {
    const parameters = tensorsIn(whole).map((data) => parameter(data));
    return { parameters, optimizer: new AdaBelief(parameters, options) };
  };
  const train = ({ parameters, optimizer }: ReturnType<typeof make>, from: number, to: number) => {
    for (let step = from; step <= to; ++step) {
      tensorsIn(gradientsAt("normal", step)).forEach((grad, k) => {
        (parameters[k] as Parameter).grad = grad;
      });
      optimizer.step();
    }
  };

  it("has the bits of the training that was never interrupted", async () => {
    const whole = initialValues();
    train(make(whole), 1, 40);
    const first = make(initialValues());
    train(first, 1, 17);
    await first.optimizer.saveState(at("resumed"), { parameters: true });
    const resumed = new Float32Array(whole.length);
    const second = make(resumed);
    await second.optimizer.loadState(at("resumed"), { parameters: true });
    train(second, 18, 40);
    expectSameBits(resumed, whole, "the parameters after step 40");
  });

  it("has them in another process too", () => {
    const script = (path: string | null, from: number, to: number, save: string | null) => `
      const names = ["a", "b", "c"];
      const parameters = names.map((name, k) => adabelief.parameter(new Float32Array(1000 * k + 7).fill(k + 1), { name }));
      const optimizer = new adabelief.AdaBelief(parameters, ${JSON.stringify(options)});
      (async () => {
        let from = ${from};
        if (${JSON.stringify(path)}) from = (await optimizer.loadState(${JSON.stringify(path)}, { parameters: true })).extra.next;
        for (let step = from; step <= ${to}; ++step) {
          parameters.forEach((p, k) => { p.grad = p.data.map((x, i) => Math.sin(i * step + k) * x); });
          optimizer.step();
        }
        if (${JSON.stringify(save)}) await optimizer.saveState(${JSON.stringify(save)}, { parameters: true, extra: { next: ${to + 1} } });
        console.log(JSON.stringify(parameters.map(({ data }) => [...new Uint32Array(data.buffer)])));
      })();`;
    const wanted = resultOf(script(null, 1, 12, null));
    const halfway = resultOf(script(null, 1, 5, at("processes")));
    expect(halfway).not.toEqual(wanted);
    expect(resultOf(script(at("processes"), 0, 12, null))).toEqual(wanted);
  });
});

describe("while the promise is pending", () => {
  it("a load keeps everything else out", async () => {
    const { optimizer } = trained();
    await optimizer.saveState(at("pending"));
    const loading = optimizer.loadState(at("pending"));
    expect(thrownBy(() => optimizer.step())).toMatchObject({ code: "ERR_BUSY" });
    expect(thrownBy(() => optimizer.dispose())).toMatchObject({ code: "ERR_BUSY" });
    expect(await fails(optimizer.saveState(at("pending")))).toMatchObject({ code: "ERR_BUSY" });
    expect(await fails(optimizer.loadState(at("pending")))).toMatchObject({ code: "ERR_BUSY" });
    await loading;
    optimizer.step();
  });

  itNatively(
    "another thread",
    "a step on another thread keeps both out, another optimizer's too where values are concerned",
    async () => {
      const { optimizer, parameters } = trained();
      const other = new AdaBelief(parameters.map(({ data }) => parameter(data, { grad: new Float32Array(data.length) })));
      await optimizer.saveState(at("async"), { parameters: true });
      const stepping = optimizer.stepAsync();
      expect(await fails(optimizer.saveState(at("async")))).toMatchObject({ code: "ERR_BUSY" });
      expect(await fails(other.saveState(at("async"), { parameters: true }))).toMatchObject({ code: "ERR_LEASED" });
      await stepping;
    },
  );

  it("of several saves to one path the last call wins", async () => {
    const { optimizer } = trained();
    const saves = Array.from({ length: 20 }, (_, k) => optimizer.saveState(at("order"), { extra: k }));
    await Promise.all(saves);
    expect(await optimizer.loadState(at("order"))).toEqual({ extra: 19 });
  });

  it("a save outlives the optimizer", async () => {
    const { optimizer, parameters } = trained();
    const wanted = bitsOf((parameters[2] as Parameter).data);
    const saving = optimizer.saveState(at("disposed"), { parameters: true });
    optimizer.dispose();
    expect(await fails(optimizer.saveState(at("disposed")))).toMatchObject({ code: "ERR_DISPOSED" });
    await saving;
    expect(bitsOf(floatsOf(decode(readFileSync(at("disposed"))).tensors["param.2"] as never))).toEqual(wanted);
  });
});
