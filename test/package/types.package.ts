// The declarations compile without skipLibCheck, from the lowest TypeScript that the README names to the newest, in every resolution.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packed, run, write } from "./installation";

const releases = ["5.2", "5.4", "5.6", "5.7", "5.9", "6.0"];
const resolutions = [
  { module: "commonjs", moduleResolution: "node10", file: "app.ts" },
  { module: "node16", moduleResolution: "node16", file: "app.cts" },
  { module: "node16", moduleResolution: "node16", file: "app.mts" },
  { module: "esnext", moduleResolution: "bundler", file: "app.ts" },
];
const cases = releases.flatMap((release) => resolutions.map((resolution) => ({ release, ...resolution })));

const code = `
import { AdaBelief, StepLR, parameter, type StateDict } from "adabelief";
const optimizer = new AdaBelief([parameter(new Float32Array(3))], { lr: 0.1 });
const bytes: Uint8Array = optimizer.encodeState();
const saved: StateDict = optimizer.stateDict();
new StepLR(optimizer, { step_size: 1 });
export { bytes, saved };
`;
const inTfjs = `
import { AdaBeliefOptimizer } from "adabelief/tfjs";
const optimizer: { learningRate: number } = new AdaBeliefOptimizer(0.1, { maxGradNorm: 1 });
// @ts-expect-error the learning rate is a number
new AdaBeliefOptimizer("0.1");
export { optimizer };
`;

const { install } = packed();
let app: string;
beforeAll(() => {
  const compilers = releases.map((release) => `ts${release.replace(".", "")}@npm:typescript@~${release}.0`);
  app = install("types", [...compilers, "@types/node@20", "@tensorflow/tfjs-core@4"]);
});

const compile = (release: string, resolution: Omit<(typeof cases)[number], "release">, text: string, skipLibCheck: boolean) => {
  const { module, moduleResolution, file } = resolution;
  const folder = join(app, `${release}-${module}-${moduleResolution}-${file}-${skipLibCheck}`.replaceAll(".", "_"));
  const compilerOptions = {
    ...{ module, moduleResolution, skipLibCheck, strict: true, noEmit: true, target: "es2022", types: ["node"] },
    lib: ["es2023", "esnext.disposable", "dom"],
    ...(release.startsWith("6") ? { ignoreDeprecations: "6.0" } : {}),
  };
  write(folder, { [file]: text, "tsconfig.json": JSON.stringify({ compilerOptions, files: [file] }) });
  const tsc = join(app, "node_modules", `ts${release.replace(".", "")}`, "bin", "tsc");
  const { status, stdout } = run(folder, process.execPath, [tsc, "--project", "."]);
  return { status, stdout };
};

it("the README names the lowest", () => {
  const readme = readFileSync(join(__dirname, "..", "..", "README.md"), "utf8");
  expect(/TypeScript ≥ (\d+\.\d+)/.exec(readme)?.[1]).toBe(releases[0]);
});

describe.each(cases)("TypeScript $release, $moduleResolution, $file", ({ release, ...resolution }) => {
  it("compiles the package's declarations, all of them checked", () => {
    expect(compile(release, resolution, code, false)).toEqual({ status: 0, stdout: "" });
  });

  // TensorFlow.js' own declarations do not pass a check.
  it("resolves adabelief/tfjs", () => {
    expect(compile(release, resolution, inTfjs, true)).toEqual({ status: 0, stdout: "" });
  });
});
