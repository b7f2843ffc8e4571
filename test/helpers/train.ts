import { AdaBelief, parameter, type Parameter } from "../../lib";
import { golden, gradientsAt, tensorsIn, type GoldenCase } from "./golden";

/** The optimizer of a recorded case over five parameters that lie end to end in one array. */
export function makeGolden({ version, options }: GoldenCase, whole: Float32Array) {
  const parameters = tensorsIn(whole).map((data, k) => parameter(data, { shape: golden.shapes[k] as number[] }));
  return { parameters, optimizer: new AdaBelief(parameters, { version, ...options } as { version: "0.2.1" }) };
}

/** Steps `from` to `to` of a recorded case. */
export function trainGolden(
  { stream, schedule, skip }: GoldenCase,
  { parameters, optimizer }: ReturnType<typeof makeGolden>,
  from: number,
  to: number,
): void {
  for (let step = from; step <= to; ++step) {
    for (const group of optimizer.paramGroups) group.lr = schedule[step] ?? group.lr;
    tensorsIn(gradientsAt(stream, step)).forEach((grad, k) => {
      (parameters[k] as Parameter).grad = skip[step]?.includes(k) === true ? null : grad;
    });
    optimizer.step();
  }
}
