// The recorded cases on every backend, for any runtime of JavaScript: bundled by bundle.mjs. Prints how many there were.
import { cpu } from "../../lib";
import { replayAll } from "../helpers/replay-all";

const counted = cpu.backends.map((backend) => {
  cpu.backend = backend;
  return { backend, ...replayAll() };
});
console.log(JSON.stringify(counted));
