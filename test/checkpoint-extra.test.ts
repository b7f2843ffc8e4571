// What the caller adds to a checkpoint comes back as it was, or is refused before anything is written.
import { fails, trained } from "./helpers/checkpoint";
import { temporaryFolder } from "./helpers/folder";

const at = temporaryFolder();

describe("extra", () => {
  const values: unknown[] = [
    ...[null, true, 0, -0, 1.5e-300, Number.MAX_SAFE_INTEGER, Infinity, -Infinity, "", 'ü\u2028\ud800 "\\:{[', [], {}],
    { epoch: 3, schedule: { best: Infinity, last_lr: [1e-3] }, seed: "18446744073709551615", nothing: [null, [[]]] },
    JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`),
    Object.assign(Object.create(null) as object, { a: 1 }),
  ];
  it.each(values.map((value) => [value]))("comes back as it was: %j", async (value) => {
    const { optimizer } = trained({}, 1);
    await optimizer.saveState(at("extra"), { extra: value });
    const { extra } = await optimizer.loadState(at("extra"));
    expect(extra).toEqual(value);
    if (typeof value === "number") expect(Object.is(extra, value)).toBe(true);
  });

  it("loses properties that are undefined, as JSON does", async () => {
    const { optimizer } = trained({}, 1);
    await optimizer.saveState(at("extra"), { extra: { a: undefined, b: 1 } });
    expect(Object.keys((await optimizer.loadState<object>(at("extra"))).extra)).toEqual(["b"]);
  });

  const cycle: unknown[] = [];
  cycle.push({ cycle });
  const refused: [string, unknown, RegExp][] = [
    ["NaN", { losses: [1, NaN] }, /extra\.losses\[1\] cannot be kept: JSON has no NaN/],
    ["a BigInt", { seed: 5n }, /extra\.seed cannot be kept.*bigint/],
    ["a function", { schedule: { next: () => 1 } }, /extra\.schedule\.next cannot be kept.*function/],
    ["a symbol", [Symbol("s")], /extra\[0\]/],
    ["a hole", [undefined, 1], /extra\[0\] cannot be kept.*undefined/],
    ["a typed array", { weights: new Float32Array(3) }, /extra\.weights cannot be kept.*Float32Array of 3/],
    ["a Date", new Date(0), /extra cannot be kept/],
    ["a Map", { map: new Map() }, /extra\.map cannot be kept/],
    ["itself", cycle, /contains itself/],
    ["101 levels", JSON.parse(`${"[".repeat(101)}${"]".repeat(101)}`), /more than 100 levels/],
    ["a key __proto__", JSON.parse('{"__proto__":1}'), /__proto__/],
  ];
  it.each(refused)("is refused with %s, and the old file stays", async (_, extra, message) => {
    const { optimizer } = trained({}, 1);
    await optimizer.saveState(at("kept"), { extra: "old" });
    const error = await fails(optimizer.saveState(at("kept"), { extra }));
    expect(error).toMatchObject({ code: "ERR_CHECKPOINT" });
    expect(error.message).toMatch(message);
    expect(await optimizer.loadState(at("kept"))).toEqual({ extra: "old" });
  });
});
