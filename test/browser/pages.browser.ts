// The package in Chromium: its bits, checkpoints, tensors, and what it says where WebAssembly cannot run.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { AdaBelief, encodeSafetensors, parameter } from "../../lib";
import { AdaBeliefOptimizer } from "../../lib/tfjs";
import { exact, relaxed } from "../../lib/wasm/modules";
import { bitsOf } from "../helpers/bits";
import { executablePath, launch, serve } from "../helpers/chromium";
import { temporaryFolder } from "../helpers/folder";
import { golden, gradientsAt, initialValues } from "../helpers/golden";

const at = temporaryFolder();
const policies: Record<string, string> = {
  "/strict": "script-src 'self' 'unsafe-inline'",
  "/allowed": "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
};

/** Makes engines refuse the relaxed form, as those without relaxed SIMD do. */
const onlyExact =
  "const { validate } = WebAssembly; let calls = 0; WebAssembly.validate = (bytes) => ++calls > 1 && validate(bytes);";

/** Notes what is compiled at once, by its size. TensorFlow.js compiles a few bytes, to find out what the engine can do. */
const watch = `globalThis.compiled = []; const { Module } = WebAssembly;
  WebAssembly.Module = function (bytes) { if (bytes.length > 1000) compiled.push(bytes.length); return new Module(bytes); };`;

let browser: Browser;
let server: Server;
let url: string;

/** Runs code in a page, in which `adabelief` is what page.ts has. `before` runs first. */
async function inPage<T>(code: string, { path = "/", before = "" } = {}): Promise<T> {
  const page: Page = await browser.newPage();
  try {
    if (before !== "") await page.addInitScript(before);
    await page.goto(url + path);
    await page.waitForFunction("globalThis.adabelief !== undefined");
    return await page.evaluate<T>(`(async () => { ${code} })()`);
  } finally {
    await page.close();
  }
}

if (executablePath === undefined) {
  process.stderr.write("\nSKIPPED, not passed: browsers, because there is no /usr/bin/chromium (apt-get install chromium)\n");
  it.skip("browsers [no Chromium]", () => undefined);
} else {
  beforeAll(async () => {
    const bundle = at("page.js");
    const { status, stderr } = spawnSync(process.execPath, [join(__dirname, "bundle.mjs"), bundle], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    const script = readFileSync(bundle);
    const html = `<!doctype html><title>adabelief</title><script type="module" src="/page.js"></script>`;
    const policyOf = (path: string) => policies[path];
    ({ server, url } = await serve(
      (path) => (path === "/page.js" ? script : html),
      (path): Record<string, string> => {
        const policy = policyOf(path);
        return policy === undefined ? {} : { "content-security-policy": policy };
      },
    ));
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
    server.close();
  });
  describeBrowser();
}

function describeBrowser(): void {
  describe("bits", () => {
    it.each([
      ["relaxed", ""],
      ["exact", onlyExact],
    ])("every recorded case is met: %s", async (form, before) => {
      type Found = { replayed: { cases: number; comparisons: number }; compiled: number[] };
      const found = await inPage<Found>("return { replayed: adabelief.replayAll(), compiled };", { before: watch + before });
      expect(found.compiled).toEqual([Buffer.from(form === "exact" ? exact : relaxed, "base64").length]);
      expect(found.replayed.cases).toBeGreaterThanOrEqual(golden.cases.length);
      expect(found.replayed.comparisons).toBeGreaterThan(5 * found.replayed.cases);
    });

    it.each(["cpu", "webgl"])("tensors on tfjs' backend %s have Node's", async (backend) => {
      await tf.setBackend("cpu");
      const variable = tf.variable(tf.tensor1d(initialValues()));
      const optimizer = new AdaBeliefOptimizer(1e-2);
      for (let k = 1; k <= 10; ++k) {
        const tensor = tf.tensor1d(gradientsAt((golden.cases[0] as (typeof golden.cases)[number]).stream, k));
        optimizer.applyGradients([{ name: variable.name, tensor }]);
      }
      const wanted = [...bitsOf(variable.dataSync<"float32">())];
      expect(await inPage(`return adabelief.trainTensors(${JSON.stringify(backend)});`)).toEqual(wanted);
    });
  });

  it("ready() starts WebAssembly without holding up the page, and nothing is compiled again", async () => {
    const code = "await adabelief.ready(); adabelief.trained(); return compiled;";
    expect(await inPage(code, { before: watch })).toEqual([]);
  });

  it("info says that this is a browser", async () => {
    expect(await inPage("return adabelief.info();")).toMatchObject({
      platform: "browser",
      backend: "wasm",
      threads: 1,
      cuda: { available: false },
    });
  });

  it("a checkpoint is bytes, which are Node's, and goes on from an array and from a Blob", async () => {
    type Saved = { bytes: number[]; wanted: number[]; resumed: { extra: unknown; bits: number[] }[]; refused: object };
    const { bytes, wanted, resumed, refused } = await inPage<Saved>("return adabelief.saveAndLoad();");
    const weight = parameter(Float32Array.of(1, -2, 3), { name: "weight" });
    const optimizer = new AdaBelief([weight], { lr: 1e-2 });
    for (const scale of [1, 2]) {
      weight.grad = Float32Array.of(0.5 * scale, -0.25, 0.125);
      optimizer.step();
    }
    expect(bytes).toEqual([...optimizer.encodeState({ parameters: true, extra: { epoch: 3 } })]);
    expect(resumed).toEqual([1, 2].map(() => ({ extra: { epoch: 3 }, bits: wanted })));
    expect(refused).toMatchObject({ code: "ERR_INVALID_OPTION", message: expect.stringContaining("encodeState()") as string });
  });

  it("a safetensors file is bytes, which are Node's, and is read from an array and from a Blob", async () => {
    type Passed = { bytes: number[]; read: unknown[]; refused: object };
    const { bytes, read, refused } = await inPage<Passed>("return adabelief.passSafetensors();");
    const half = { data: Uint16Array.of(0x3c00, 0x8001), dtype: "F16" as const };
    expect(bytes).toEqual([...encodeSafetensors({ half, ones: Float32Array.of(1, 1) })]);
    const tensors = [
      ["ones", "F32", [1, 1]],
      ["half", "F32", [1, -(2 ** -24)]],
    ];
    expect(read).toEqual([tensors, tensors]);
    expect(refused).toMatchObject({
      code: "ERR_INVALID_OPTION",
      message: expect.stringContaining("encodeSafetensors()") as string,
    });
  });

  describe("where WebAssembly cannot run", () => {
    const both = "return [await adabelief.errorOf(adabelief.trained), await adabelief.errorOf(adabelief.ready)];";
    const refusal = (text: string) => ({ code: "ERR_NO_BINARY", message: expect.stringContaining(text) as string });

    it.each([
      ["a Content Security Policy without wasm-unsafe-eval", "/strict", "", "'wasm-unsafe-eval'"],
      ["an engine without SIMD", "/", "WebAssembly.validate = () => false;", "no WebAssembly SIMD"],
      ["an engine without WebAssembly", "/", "delete globalThis.WebAssembly;", "no WebAssembly"],
      ["no memory", "/", "WebAssembly.Memory = function () { throw new RangeError('no room'); };", "no memory"],
    ])("%s is a coded error", async (_, path, before, text) => {
      expect(await inPage(both, { path, before })).toEqual([refusal(text), refusal(text)]);
    });

    it("an engine that limits what it compiles at once is asked to wait", async () => {
      const before = `WebAssembly.Module = function () { throw new RangeError("WebAssembly.Compile is disallowed on the main thread"); };`;
      const [first, second] = await inPage<[unknown, unknown]>(both, { before });
      expect(first).toEqual(refusal("await ready()"));
      expect(second).toBeNull();
    });

    it("a Content Security Policy with wasm-unsafe-eval is no hindrance", async () => {
      expect(await inPage(both, { path: "/allowed" })).toEqual([null, null]);
    });
  });
}
