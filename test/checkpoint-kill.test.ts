// Processes killed at random moments of their saves: the file is always one whole state, and none older than was promised.
// 60 kills, or as many as ADABELIEF_KILLS says.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { AdaBelief, parameter } from "../lib";
import { temporaryFolder } from "./helpers/folder";
import { makeRandom } from "./helpers/random";

const at = temporaryFolder();
const kills = Number(process.env["ADABELIEF_KILLS"] ?? 60);
const lanes = 4;
const root = join(__dirname, "..");

/** Long enough to take several writes; all of a save's numbers follow from its own. */
const length = 20_000;

/** Goes on from the file, if there is one, and saves over and over; says which save is done. */
const child = `
  const { writeSync, existsSync } = require("node:fs");
  const { AdaBelief, parameter } = require(${JSON.stringify(root)});
  const path = process.argv[1];
  const p = parameter(new Float32Array(${length}), { grad: new Float32Array(${length}) });
  const optimizer = new AdaBelief([p]);
  (async () => {
    let count = existsSync(path) ? (await optimizer.loadState(path, { parameters: true })).extra.count : 0;
    for (;;) {
      count += 1;
      p.data.fill(count);
      p.grad.fill(count);
      optimizer.step();
      p.data.fill(count);
      await optimizer.saveState(path, { parameters: true, extra: { count } });
      writeSync(1, count + "\\n");
    }
  })();`;

/** Starts a child, kills it `delay` ms after its first save, and returns the last save that it saw done. */
function kill(path: string, delay: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, ["--eval", child, path], { stdio: ["ignore", "pipe", "pipe"] });
    let [out, errors] = ["", ""];
    process_.stderr.on("data", (text: Buffer) => (errors += text.toString()));
    process_.stdout.on("data", (text: Buffer) => {
      if (out === "") setTimeout(() => process_.kill("SIGKILL"), delay);
      out += text.toString();
    });
    process_.on("close", (_, signal) => {
      if (signal !== "SIGKILL") reject(new Error(`the child ended by itself: ${errors}`));
      else resolve(Number(out.trim().split("\n").at(-1)));
    });
  });
}

/** The number of the save that the file holds, all of whose values must belong to it. */
async function read(path: string): Promise<number> {
  const p = parameter(new Float32Array(length));
  const optimizer = new AdaBelief([p]);
  const { count } = (await optimizer.loadState<{ count: number }>(path, { parameters: true })).extra;
  expect(optimizer.state.get(p)?.step).toBe(count);
  expect(p.data.every((value) => value === count)).toBe(true);
  return count;
}

it(
  `${kills} killed processes leave a whole file behind`,
  async () => {
    let left = kills;
    let interrupted = 0;
    const lane = async (number: number) => {
      const random = makeRandom(number);
      mkdirSync(at(String(number)));
      const path = at(String(number), "state");
      let before = 0;
      while (left-- > 0) {
        const delay = random.below(12_000) / 1000;
        const done = await kill(path, delay);
        const found = await read(path);
        const names = readdirSync(at(String(number)));
        const what = `lane ${number}, killed after ${delay} ms: save ${found} found, ${done} was done, ${before} before`;
        if (found < done || found > done + 1 || done <= before || names.length > 2) throw new Error(`${what}: ${names.join()}`);
        interrupted += Number(names.length === 2);
        before = found;
      }
      const p = parameter(new Float32Array(length));
      await new AdaBelief([p]).saveState(path);
      expect(readdirSync(at(String(number)))).toEqual(["state"]);
    };
    await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number + 1)));
    expect(interrupted).toBeGreaterThan(kills / 10); // there was a temporary file: it was in the middle of a save
  },
  60_000 + kills * 2000,
);
