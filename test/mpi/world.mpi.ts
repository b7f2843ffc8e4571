import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { eachLauncher, installed, resultsOf, runRanks, type Launcher } from "./helpers/ranks";

const root = join(__dirname, "..", "..");

const open = `const world = await mpi.world({ timeout: 20 });`;

eachLauncher((launcher) => {
  it.each([1, 2, 4])("gives each of %i ranks its number", (ranks) => {
    const body = `${open} result(world.rank, [world.rank, world.size, mpi.library.abi]); await world.close();`;
    const expected = Array.from({ length: ranks }, (_, rank) => [rank, ranks, launcher.name]);
    expect(resultsOf(launcher, body, { ranks })).toEqual(expected);
  });

  it("is of the ranks of one color, numbered in their order", () => {
    const body = `const number = Number(process.env.OMPI_COMM_WORLD_RANK ?? process.env.PMI_RANK);
      const color = number === 1 ? 0 : 2147483647;
      const world = await mpi.world({ timeout: 20, color });
      const weight = adabelief.parameter(new Float32Array(8), { grad: new Float32Array(8).fill(number) });
      const optimizer = new Sharded(new adabelief.SGD([weight], { lr: 1 }), world);
      await optimizer.step();
      result(number, [world.rank, world.size, ...new Set(weight.data)]);
      await world.close();`;
    const expected = [0, 1, 2, 3].map((number) =>
      number === 1 ? [0, 1, -1] : [Math.max(0, number - 1), 3, -Math.fround(5 * Math.fround(1 / 3))],
    );
    expect(resultsOf(launcher, body, { ranks: 4 })).toEqual(expected);
  });

  it("refuses what is no color", () => {
    const body = `const codes = [];
      for (const color of [-1, 0.5, 2 ** 31, NaN, "1", null]) await mpi.world({ color }).catch(({ code }) => codes.push(code));
      ${open} result(world.rank, codes); await world.close();`;
    expect(resultsOf(launcher, body, { ranks: 1 })).toEqual([Array(6).fill("ERR_INVALID_OPTION")]);
  });

  it("is one rank of one for a process that nobody launched", () => {
    const code = `require("./dist/lib/mpi").mpi.world().then((w) => (console.log(w.rank, w.size), w.close()));`;
    const env = { ...process.env, NODE_OPTIONS: "", ADABELIEF_MPI: launcher.library };
    const { status, stdout } = spawnSync(process.execPath, ["--eval", code], { cwd: root, encoding: "utf8", env });
    expect([status, stdout]).toEqual([0, "0 1\n"]);
  });

  it("closes once, however often it is asked", () => {
    const body = `${open} const closing = world.close(); result(world.rank, closing === world.close()); await closing;`;
    expect(resultsOf(launcher, body, { ranks: 2 })).toEqual([true, true]);
  });

  it("opens once in a process", () => {
    const body = `${open} const { code } = await mpi.world().catch((error) => error); await world.close();
      const again = await mpi.world().catch((error) => error); result(world.rank, [code, again.code]);`;
    expect(resultsOf(launcher, body, { ranks: 2 })).toEqual(Array(2).fill(["ERR_BUSY", "ERR_BUSY"]));
  });

  it("refuses a worker thread", () => {
    const body = `${open}
      const { Worker } = require("node:worker_threads");
      const code = "require('./dist/lib/mpi').mpi.world().catch((e) => require('node:worker_threads').parentPort.postMessage(e.code))";
      const worker = new Worker(code, { eval: true });
      result(world.rank, await new Promise((resolve) => worker.once("message", resolve)));
      await world.close();`;
    expect(resultsOf(launcher, body, { ranks: 1, env: { PWD: root } })).toEqual(["ERR_MPI_UNAVAILABLE"]);
  });

  it("refuses what is no timeout", () => {
    const body = `const codes = [];
      for (const timeout of [0, -1, NaN, Infinity, "1", null]) await mpi.world({ timeout }).catch(({ code }) => codes.push(code));
      ${open} result(world.rank, codes); await world.close();`;
    expect(resultsOf(launcher, body, { ranks: 1 })).toEqual([Array(6).fill("ERR_INVALID_OPTION")]);
  });
});

const both = installed.length === 2 ? describe : describe.skip;
both("the launcher of another library", () => {
  it.each(installed.map((one) => [one.name, one] as const))("is an error on every rank: %s", (_, launcher) => {
    const other = installed.find((one) => one !== launcher) as Launcher;
    const body = `const { code, message } = await mpi.world({ timeout: 20 }).catch((error) => error);
      result(process.env.OMPI_COMM_WORLD_RANK ?? process.env.PMI_RANK, [code, message]); process.exit(3);`;
    const options = { ranks: 2, env: { ADABELIEF_MPI: other.library } };
    const { results, status, signal, stdout, stderr } = runRanks<[string, string]>(launcher, body, options);
    const found = results.filter((result) => result !== undefined);
    if (found.length === 0) throw new Error(`no rank gave a result: ${status ?? signal}: ${stdout}${stderr}`);
    for (const [code, message] of found) {
      expect(code).toBe("ERR_MPI_LAUNCHER");
      expect(message).toContain(`started 2 processes, and ${other.library} (${other.name}) sees 1`);
    }
  });
});

describe("a library that cannot be used", () => {
  const ask = (library: string) => {
    const code = `const { mpi } = require("./dist/lib/mpi");
      mpi.world().catch(({ code }) => console.log(JSON.stringify([mpi.available, mpi.reason, mpi.library, code])));`;
    const env = { ...process.env, NODE_OPTIONS: "", ADABELIEF_MPI: library };
    const { stdout } = spawnSync(process.execPath, ["--eval", code], { cwd: root, encoding: "utf8", env });
    return JSON.parse(stdout) as unknown;
  };

  it.each([
    ["one that is not there", "/nowhere/libmpi.so", /^no MPI library was found: .*nowhere/],
    ["one that is none", "libm.so.6", /^libm.so.6 is no MPI library: it has no MPI_Get_library_version/],
  ])("is unavailable, with the reason: %s", (_, library, reason) => {
    expect(ask(library)).toEqual([false, expect.stringMatching(reason), null, "ERR_MPI_UNAVAILABLE"]);
  });
});
