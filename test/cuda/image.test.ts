// What nvcc made of the kernels: the text that drivers compile, what ptxas says of it, and where cuobjdump is found the machine code.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addon } from "../../lib/native/engine";
import { where } from "../helpers/where";

const folder = join(__dirname, "../../build/cuda");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const matches = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

const built = existsSync(join(folder, "kernels.ptx"));

/** The symbol of each kernel, as the build found them. */
const symbols = new Map(
  built ? [...read("kernel_symbols.h").matchAll(/\{"(.+)", "(\w+)"\}/g)].map(([, name, symbol]) => [name, symbol] as const) : [],
);

/** The symbols of all update kernels, with the number of states each has, and whether another kernel completes it. */
const updates = Object.entries(addon.formulas).flatMap(([formula, { states }], place) =>
  states.map((count, variant) => ({
    formula,
    variant,
    states: count,
    isHalf: symbols.has(`sum_directions<${place}, ${variant}>`),
    name: symbols.get(`update<${place}, ${variant}>`) ?? "",
  })),
);

/** A text cut into functions, by what begins one and holds its name. */
function functions(text: string, beginning: RegExp): ReadonlyMap<string, string> {
  const parts = text.split(beginning);
  return new Map(
    Array.from({ length: (parts.length - 1) / 2 }, (_, k) => [parts[2 * k + 1] as string, parts[2 * k + 2] as string]),
  );
}

where(built, "nvcc was not found when the addon was built", "the kernels as text", () => {
  let text: string;
  let kernels: ReadonlyMap<string, string>;
  beforeAll(() => {
    text = read("kernels.ptx");
    kernels = functions(text, /\.visible \.entry (\w+)\(/);
  });
  const bodyOf = (name: string) => kernels.get(name) ?? "";

  it("is in the version that drivers of CUDA 10.1 read, for devices from 7.5 on", () => {
    expect(text).toMatch(/^\.version 6\.4$/m);
    expect(text).toMatch(/^\.target sm_75$/m);
  });

  it("has every kernel under the name that it is asked for by", () => {
    const names = [
      ...updates.map(({ name }) => name),
      ...["sum_blocks", "fold_blocks", "sum_segments"].map((name) => symbols.get(name) ?? ""),
    ];
    expect(names.length).toBeGreaterThan(80);
    expect(names.filter((name) => !kernels.has(name))).toEqual([]);
  });

  it("reads and writes sixteen bytes at a time: p, g, every state, the slow weights and the average", () => {
    for (const { formula, variant, states, isHalf, name } of updates) {
      const what = `${formula} ${variant}`;
      const loads = matches(bodyOf(name), /\bld(\.global)?\.v4\.f32\b/g);
      // A variant that completes another one has no gradient; what a variant never looks at need not be read.
      expect({ what, loads: loads >= states + 1 && loads <= states + 4 }).toEqual({ what, loads: true });
      expect({ what, stores: matches(bodyOf(name), /\bst(\.global)?\.v4\.f32\b/g) }).toEqual({
        what,
        stores: states + 2 + (isHalf ? 0 : 2), // the average has one where it begins, and one where it goes on
      });
    }
  });

  it("addresses global memory directly, but for the slow weights and the average of single elements", () => {
    for (const { formula, variant, isHalf, name } of updates) {
      const generic = {
        loads: matches(bodyOf(name), /\bld(\.v4)?\.f32\b/g),
        stores: matches(bodyOf(name), /\bst(\.v4)?\.f32\b/g),
      };
      expect({ what: `${formula} ${variant}`, ...generic }).toEqual({
        what: `${formula} ${variant}`,
        loads: isHalf ? 1 : 2,
        stores: isHalf ? 1 : 3,
      });
    }
  });

  it("rounds every operation, and fuses what the formula fuses", () => {
    // An operation without .rn is one that a driver may contract; these flush, or are no exact results.
    expect(text.match(/\b(add|sub|mul|mad|div|sqrt|rcp|rsqrt)\.f(32|64)\b|\.(ftz|approx|full)\b|\bmad\.\w+\.f/g) ?? []).toEqual(
      [],
    );
    // Per element: m, s, coupled weight decay, Lookahead's blend and the average; for the four of an aligned place, and for the rest.
    const plain = updates.filter(({ formula, variant }) => formula === "adam" || (formula === "adabelief" && variant < 12));
    expect(plain).toHaveLength(16);
    for (const { formula, variant, name } of plain) {
      const what = `${formula} ${variant}`;
      expect({ what, fused: matches(bodyOf(name), /\bfma\.rn\.f32\b/g) }).toEqual({ what, fused: 5 * 5 });
    }
  });

  it("assembles, and updates keep nothing in local memory", () => {
    const resources = functions(read("resources.txt"), /Compiling entry function '(\w+)' for 'sm_75'/);
    for (const { formula, variant, name } of updates) {
      expect([
        formula,
        variant,
        resources.get(name)?.includes("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"),
      ]).toEqual([formula, variant, true]);
      expect(bodyOf(name)).not.toMatch(/\.local\b/);
    }
  });
});

const cuobjdump = ["cuobjdump", "/usr/local/cuda/bin/cuobjdump"].find((name) => spawnSync(name, ["--version"]).status === 0);
where(built && cuobjdump !== undefined, "there is no cuobjdump, or no image", "the kernels as machine code", () => {
  it.each(["sm_80", "sm_90", "sm_100"])("of %s load and store 128 bits, and keep nothing in local memory", (architecture) => {
    const args = ["--dump-sass", "--gpu-architecture", architecture, join(folder, "kernels.fatbin")];
    const { stdout, status, stderr } = spawnSync(cuobjdump as string, args, { encoding: "utf8", maxBuffer: 1e9 });
    expect([status, stderr]).toEqual([0, ""]);
    const code = functions(stdout, /Function : (\w+)/);
    for (const { formula, variant, states, name } of updates) {
      const body = code.get(name) ?? "";
      const what = `${formula} ${variant}`;
      expect({ what, stores: matches(body, /\bSTG?\.E(\.\w+)*\.128\b/g) >= states + 2 }).toEqual({ what, stores: true });
      expect({ what, loads: matches(body, /\bLDG?\.E(\.\w+)*\.128\b/g) > states }).toEqual({ what, loads: true });
      expect({ what, local: matches(body, /\b(LDL|STL)\b/g) }).toEqual({ what, local: 0 });
    }
  });
});
