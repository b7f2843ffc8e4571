// The kernels' PTX, translated to C++, runs in place of the kernels' source, and a wrong rounding in it shows.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { mockDriverDriver } from "../helpers/mock-driver-path";
import { mockDriverResult } from "../helpers/mock-driver-script";
import { where } from "../helpers/where";

const ptxDriver = join(__dirname, "../../build/ptx/test", mockDriverDriver.split("/").pop() as string);

/** The parameters after three steps of Adam on the driver at `path`. */
function trained(path: string, env = {}): unknown {
  const code = `
    const p = parameter(cuda.from(wave(1003)), { grad: cuda.from(wave(1003, 1)) });
    const optimizer = new Adam([p], { lr: 0.1 });
    for (let step = 0; step < 3; ++step) optimizer.step();
    print(hex(p.data.read()));
  `;
  return mockDriverResult(code, { ADABELIEF_CUDA_DRIVER: path, ...env });
}

where(existsSync(ptxDriver), "nvcc was not found when the addon was built", "the kernels' PTX on the mock driver", () => {
  const wanted = trained(mockDriverDriver);

  it("has the bits of the kernels' source", () => expect(trained(ptxDriver)).toBe(wanted));

  it("has other bits where fma rounds twice", () => {
    expect(trained(ptxDriver, { ADABELIEF_MOCK_SPLIT_FMA: "1" })).not.toBe(wanted);
  });
});
