// The figures of a benchmark on a GPU beside what is wanted of them: gpu-goals.mjs FOLDER, in which scripts/gpu.sh left its results.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const read = (name) => JSON.parse(readFileSync(join(process.argv[2], name), "utf8"));
const { machine, commit, date, results } = read("cuda.json");
const host = read("host-time.json");

const found = (model, backend) => results.find((r) => r.model === model && r.backend === backend);
/** How many times as fast as another contestant in the same run. */
const times = (model, other) => {
  const [step, peer] = [found(model, "cuda"), found(model, other)];
  return step && peer && peer.ns_per_parameter / step.ns_per_parameter;
};
const [step, copy] = [found("1e8", "cuda"), found("1e8", "torch-copy")];

const rows = [
  ["bytes a second at 1e8 over those of a copy", "≥ 0.92", step && copy && step.gb_per_s / copy.gb_per_s],
  ...Object.entries({ "1e8": "≥ 1.0", "1e6": "≥ 1.2", "1000x1000": "≥ 1.5", gpt2: "≥ 1.0" }).map(([model, wanted]) => [
    `${model}: times as fast as PyTorch's fused Adam`,
    wanted,
    times(model, "torch-fused-adam"),
  ]),
  ["1e8: times as fast as AdaBelief in plain PyTorch operations", "≥ 3.3", times("1e8", "torch-adabelief")],
  [`host time of step() for ${host.tensors} tensors, µs`, "≤ 12", host.host_us_per_step.median],
];
console.log(
  `${machine.gpu.name}, driver ${machine.gpu.driver}, CUDA ${machine.gpu.cuda}, commit ${commit}, ${date.slice(0, 10)}`,
);
for (const [what, wanted, value] of rows) {
  console.log(`${what.padEnd(62)} ${wanted.padEnd(8)} ${value === undefined ? "not measured" : value.toPrecision(3)}`);
}
