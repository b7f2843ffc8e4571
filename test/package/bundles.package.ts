// Programs that esbuild and webpack made one file of, with the package inside or left outside.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { packed, run, succeed, write } from "./installation";

const { install, at } = packed();
let app: string;

const program = `
const { AdaBelief, info, parameter } = require("adabelief");
const p = parameter(new Float32Array(100).fill(1), { grad: new Float32Array(100).fill(0.5) });
new AdaBelief([p], { lr: 0.1 }).step();
console.log(JSON.stringify({ updated: p.data[0] < 1, path: info().binary.path, version: info().version }));
`;

const tfjsProgram = (registers: boolean) => `
const tf = require("@tensorflow/tfjs-core");
const tfl = require("@tensorflow/tfjs-layers");
require("@tensorflow/tfjs-backend-cpu");
const { AdaBeliefOptimizer } = require("adabelief/tfjs");
${registers ? "tf.serialization.registerClass(AdaBeliefOptimizer);" : ""}
tf.enableProdMode();
(async () => {
  const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [2] })] });
  model.compile({ optimizer: new AdaBeliefOptimizer(0.1), loss: "meanSquaredError" });
  const [x, y] = [tf.tensor2d([[0, 1], [1, 0]]), tf.tensor2d([[1], [2]])];
  await model.fit(x, y, { epochs: 3, verbose: 0 });
  let saved;
  await model.save(tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
  }), { includeOptimizer: true });
  const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved));
  await loaded.fit(x, y, { epochs: 3, verbose: 0 });
  console.log("steps", loaded.optimizer.iterations);
})().catch((error) => { console.log(error.message); });
`;

beforeAll(() => {
  const tfjs = ["core", "layers", "backend-cpu"].map((part) => `@tensorflow/tfjs-${part}@4.22.0`);
  app = install("bundles", ["esbuild@0.28", "webpack@5", "webpack-cli@6", ...tfjs]);
  write(app, { "src/plain.js": program, "src/tfjs.js": tfjsProgram(false), "src/registers.js": tfjsProgram(true) });
});

const bundlers: Record<string, (entry: string, external: readonly string[], out: string) => void> = {
  esbuild: (entry, external, out) => {
    const flags = ["--bundle", "--platform=node", `--outfile=${out}`, ...external.map((name) => `--external:${name}`)];
    succeed(app, join(app, "node_modules/.bin/esbuild"), [join("src", entry), ...flags, "--log-level=error"]);
  },
  "esbuild in ESM": (entry, external, out) => {
    const banner = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;
    const flags = ["--bundle", "--platform=node", "--format=esm", `--outfile=${out}`, `--banner:js=${banner}`];
    flags.push(...external.map((name) => `--external:${name}`));
    succeed(app, join(app, "node_modules/.bin/esbuild"), [join("src", entry), ...flags, "--log-level=error"]);
  },
  webpack: (entry, external, out) => {
    const config = {
      ...{ mode: "production", target: "node", entry: `./src/${entry}`, optimization: { minimize: false } },
      output: { path: join(out, ".."), filename: out.split("/").at(-1) },
      externals: Object.fromEntries(external.map((name) => [name, `commonjs ${name}`])),
    };
    write(app, { "webpack.config.js": `module.exports = ${JSON.stringify(config)};` });
    succeed(app, join(app, "node_modules/.bin/webpack"), ["--stats=errors-only"]);
  },
};

describe.each(Object.keys(bundlers))("a program of %s", (name) => {
  const bundle = bundlers[name] as (typeof bundlers)[string];
  const file = name.endsWith("ESM") ? "main.mjs" : "main.js";
  const slug = name.replaceAll(/\W/g, "-");
  const prebuilds = "node_modules/adabelief/prebuilds";

  it("with the package outside of it takes the package's binary", () => {
    bundle("plain.js", ["adabelief"], join(app, "dist", slug, file));
    const { updated, path } = JSON.parse(succeed(app, "node", [`dist/${slug}/${file}`])) as { updated: boolean; path: string };
    expect(updated).toBe(true);
    expect(path).toBe(join(app, prebuilds, "linux-x64/adabelief.node"));
  });

  describe("with the package in it", () => {
    const deployed = at(`deployed-${slug}`);
    const native = { ADABELIEF_BACKEND: "native" };
    beforeAll(() => bundle("plain.js", [], join(deployed, file)));

    it("and no binary says what to copy, and runs as WebAssembly", () => {
      const { status, stdout, stderr } = run(deployed, "node", [file]);
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ updated: true });
      expect(stderr).toContain(
        `This is a bundle, and the binary is not beside it: copy node_modules/adabelief/prebuilds to ${deployed}`,
      );
      expect(stderr).not.toContain("compiler");
    });

    it("loads nothing from the working directory", () => {
      const trap = at(`trap-${slug}`);
      for (const place of ["prebuilds/linux-x64", "build/Release", "."]) {
        mkdirSync(join(trap, place), { recursive: true });
        cpSync(join(app, prebuilds, "linux-x64/adabelief.node"), join(trap, place, "adabelief.node"));
      }
      const argument = join(trap, "document.txt");
      const imported = `await import(${JSON.stringify(`file://${join(deployed, file)}`)})`;
      for (const command of [[join(deployed, file)], ["--input-type=module", "--eval", imported, argument]]) {
        expect(run(trap, "node", command, native).stderr).toContain("ERR_NO_BINARY");
      }
    });

    it("takes the binary beside it", () => {
      const place = at(`beside-${slug}`);
      cpSync(deployed, place, { recursive: true });
      cpSync(join(app, prebuilds), join(place, "prebuilds"), { recursive: true });
      const { stdout, stderr } = run(at("bundles"), "node", [join(place, file)], native);
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toMatchObject({ updated: true, path: join(place, "prebuilds/linux-x64/adabelief.node") });
    });

    it("takes the package's binary where the package is installed around it", () => {
      const place = join(app, "out", slug);
      cpSync(deployed, place, { recursive: true });
      const { stdout, stderr } = run(deployed, "node", [join(place, file)], native);
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toMatchObject({ path: join(app, prebuilds, "linux-x64/adabelief.node") });
    });
  });

  it("with TensorFlow.js and the package in it trains, saves and loads", () => {
    const out = at(`tfjs-${slug}`);
    bundle("tfjs.js", [], join(out, file));
    const { stdout } = run(out, "node", [file]);
    expect(stdout).toBe("steps 6\n");
  });

  it("with TensorFlow.js in it and the package outside loads a model after registerClass, which the error names", () => {
    const folder = join(app, "dist", slug);
    bundle("tfjs.js", ["adabelief", "adabelief/tfjs"], join(folder, file));
    expect(run(app, "node", [`dist/${slug}/${file}`]).stdout).toContain("registerClass");
    bundle("registers.js", ["adabelief", "adabelief/tfjs"], join(folder, file));
    expect(run(app, "node", [`dist/${slug}/${file}`])).toMatchObject({ status: 0, stdout: "steps 6\n" }); // tfjs itself warns of two copies
  });
});
