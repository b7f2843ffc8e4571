// Where CUDA cannot run, everything else does, and the reason is said in words.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cuda, info, type Info } from "../../lib";
import { onGpu, onMockDriverAlone } from "../helpers/mock-driver";
import { resultOf, runScript } from "../helpers/script";
import { mockDriverResult } from "../helpers/mock-driver-script";

const describeIt = `
  const steps = () => { const p = adabelief.parameter(new Float32Array(3), { grad: new Float32Array(3) }); return new adabelief.AdaBelief([p]).step().updated; };
  const codeOf = (act) => { try { act(); return "done"; } catch (error) { return [error.code, error.message]; } };
  const { available, reason, devices } = adabelief.cuda;
  console.log(JSON.stringify({ available, reason, devices: devices.length, allocate: codeOf(() => adabelief.cuda.allocate(1)), steps: steps() }));
`;

describe("without CUDA", () => {
  it("a step on the host goes on, and the reason names what is missing", () => {
    expect(resultOf(describeIt, { env: { ADABELIEF_CUDA_DRIVER: "/nowhere/libcuda.so" } })).toEqual({
      available: false,
      reason: expect.stringMatching(/^no NVIDIA driver was found: .*\/nowhere\/libcuda\.so/) as string,
      devices: 0,
      allocate: ["ERR_CUDA_UNAVAILABLE", expect.stringMatching(/^CUDA cannot run here: no NVIDIA driver was found/)],
      steps: 1,
    });
  });

  it("a library that is no driver is told apart", () => {
    const result = resultOf(describeIt, { env: { ADABELIEF_CUDA_DRIVER: "libm.so.6" } });
    expect(result).toMatchObject({ available: false, reason: "libm.so.6 is no NVIDIA driver: it has no cuDriverGetVersion" });
  });

  it("the driver is not looked for before it is needed", () => {
    const code = `
      const maps = () => require("node:fs").readFileSync("/proc/self/maps", "utf8").includes("adabelief_mock_cuda");
      const p = adabelief.parameter(new Float32Array(3), { grad: new Float32Array(3) });
      new adabelief.AdaBelief([p]).step();
      const before = maps();
      adabelief.cuda.available;
      console.log(JSON.stringify([before, maps()]));`;
    if (process.platform === "linux" && !onGpu) expect(resultOf(code)).toEqual([false, true]);
  });
});

onMockDriverAlone("a driver", () => {
  const reasonOf = (prepare: string) =>
    mockDriverResult(
      `${prepare} print({ available: cuda.available, reason: cuda.reason, driver: adabelief.info().cuda.driver });`,
    );

  it("that is too old is named with what is needed", () => {
    expect(reasonOf("mockDriver.driverVersion(10020);")).toMatchObject({
      available: false,
      reason: "the NVIDIA driver is too old: it is made for CUDA 10.2, and 11.0 is needed",
    });
  });

  it("whose devices are all too old names the first of them, and what is needed", () => {
    expect(reasonOf("mockDriver.computeCapability(0, 70); mockDriver.computeCapability(1, 61);")).toMatchObject({
      available: false,
      reason:
        "there is no device that is new enough: adabelief mock driver (no GPU) has compute capability 7.0, and the kernels need 7.5",
    });
  });

  it("with one device that is too old and one that is not has the other", () => {
    const code = `
      mockDriver.computeCapability(0, 70);
      const p = parameter(cuda.from(wave(3), { device: 1 }), { grad: cuda.from(wave(3), { device: 1 }) });
      const { updated } = new AdaBelief([p]).step();
      codeOf(() => cuda.allocate(1)).then((code) => print({ available: cuda.available, code, updated }));`;
    expect(mockDriverResult(code)).toEqual({ available: true, code: "ERR_CUDA_DEVICE", updated: 1 });
  });

  it("that cannot read the image of the kernels, in whatever words, is given them as text", () => {
    const code = `
      const p = parameter(cuda.from(wave(3)), { grad: cuda.from(wave(3)) });
      mockDriver.fail("cuModuleLoadData", { result: 801 });
      codeOf(() => new AdaBelief([p]).step()).then((code) => print({ code, loads: mockDriver.counts().cuModuleLoadData }));`;
    const built = existsSync(join(__dirname, "../../build/cuda/kernels.ptx")); // else there is no text, and one try
    expect(mockDriverResult(code)).toEqual(built ? { code: "done", loads: 2 } : { code: "ERR_CUDA", loads: 1 });
  });

  it("without a device says so", () => {
    expect(reasonOf("mockDriver.devices(0);")).toMatchObject({
      available: false,
      reason: "there is a driver, but no CUDA device",
    });
  });

  it.each([
    ["cuInit", 802],
    ["cuDriverGetVersion", 3],
    ["cuDeviceGetCount", 999],
    ["cuDeviceGetName", 999],
  ])("whose %s fails gives its own error", (call, result) => {
    expect(reasonOf(`mockDriver.fail("${call}", { result: ${result}, times: 9 });`)).toMatchObject({
      available: false,
      reason: expect.stringMatching(/CUDA_ERROR_|CUDA error/) as string,
    });
  });
});

describe("what there is", () => {
  it("is told by cuda and info() alike", () => {
    expect(cuda.available).toBe(true);
    expect(cuda.reason).toBe("");
    const { available, reason, devices, driver } = info().cuda;
    expect({ available, reason, devices }).toEqual({ available: true, reason: "", devices: cuda.devices });
    expect(driver?.version).toMatch(/^\d+\.\d$/);
    expect(driver?.standIn).toBe(!onGpu);
    for (const { name, memory, computeCapability } of cuda.devices) {
      expect([name.length > 0, memory > 1e9, /^\d+\.\d$/.test(computeCapability)]).toEqual([true, true, true]);
    }
  });

  it("is printed by adabelief info, a mock driver as what it is", () => {
    const run = (args: string) =>
      runScript(`process.argv = ["node", "adabelief", ${args}]; require("./dist/lib/cli/main.js");`, { preload: false }).stdout;
    const printed = run(`"info"`);
    const { cuda: facts } = JSON.parse(run(`"info", "--json"`)) as Info;
    expect(facts).toEqual(info().cuda);
    expect(printed).toContain(facts.devices[0]?.name);
    if (!onGpu) expect(printed).toMatch(/^cuda .*a mock driver for tests, on the processor: no GPU/m);
  });
});
