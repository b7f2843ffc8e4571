// How long `step()` keeps the host, with many tensors registered on a device: the check of all of them and the launch, not the work
// itself. Prints JSON. Optionally with another number of tensors and of rounds.
import { AdaBelief, info } from "..";
import { parametersOnDevice } from "./device";
import { spread } from "./statistics";

const [tensors = 1000, rounds = 40] = process.argv.slice(2).map(Number);
/** So few that the device's queue takes them without waiting. */
const steps = 100;

const parameters = parametersOnDevice(Array.from({ length: tensors }, () => 1000));
const optimizer = new AdaBelief(parameters);
function round(): number {
  optimizer.synchronize();
  const started = performance.now();
  for (let k = 0; k < steps; ++k) optimizer.step();
  return ((performance.now() - started) * 1e3) / steps;
}
for (let k = 0; k < rounds; ++k) round(); // until the engine has compiled it
const samples = Array.from({ length: rounds }, round);
const { cuda } = info();
const result = { date: new Date().toISOString(), gpu: cuda.devices[0]?.name, cuda: cuda.driver?.version, tensors };
console.log(JSON.stringify({ ...result, host_us_per_step: spread(samples) }, null, 2));
