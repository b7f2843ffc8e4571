import { AdaBelief, parameter, type AdaBeliefGroupOptions021, type Parameter } from "../../lib";

/** Three parameters in two groups; the second was never stepped. */
export function trained(options: AdaBeliefGroupOptions021 = {}, steps = 3) {
  const make = (length: number, rest: Omit<Parameter, "data">) =>
    parameter(new Float32Array(length).fill(1), { grad: new Float32Array(length).fill(0.5), ...rest });
  const parameters = [make(1, {}), make(5, { grad: null }), make(12, { shape: [3, 4], name: "weight" })];
  const groups = [
    { params: parameters.slice(0, 2), name: "body" },
    { params: parameters.slice(2), lr: 0.1, rectify: false, initial_lr: 0.3 },
  ];
  const optimizer = new AdaBelief(groups, { version: "0.2.1", ...options });
  for (let i = 0; i < steps; ++i) optimizer.step();
  return { optimizer, parameters };
}

/** What a promise that must be rejected is rejected with. */
export const fails = async (act: Promise<unknown>) =>
  act.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => error as Error & { code?: string },
  );
