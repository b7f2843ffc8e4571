// What becomes of a job when a rank dies, stops, or goes its own way: the others get a coded error, or the job ends. Nothing hangs.
import { eachLauncher, runRanks } from "./helpers/ranks";
import { model } from "./helpers/model";

/** Rank 1 does this before its third step, and rank 0 goes on. */
const events: [string, string, { timeout?: number; code?: string }][] = [
  ["is killed", `process.kill(process.pid, "SIGKILL")`, {}],
  ["throws", `throw new Error("bad luck")`, {}],
  [
    "throws outside of all promises",
    `setImmediate(() => { throw new Error("bad luck"); }); await new Promise(() => undefined)`,
    {},
  ],
  ["ends early, without an error", `process.exit(0)`, {}],
  ["is stopped", `process.kill(process.pid, "SIGSTOP")`, { timeout: 2, code: "ERR_MPI_TIMEOUT" }],
  [
    "never comes",
    `setInterval(() => undefined, 1000); await new Promise(() => undefined)`,
    { timeout: 2, code: "ERR_MPI_TIMEOUT" },
  ],
  ["loops for ever", `for (;;);`, { timeout: 2, code: "ERR_MPI_TIMEOUT" }],
];

eachLauncher((launcher) => {
  it.each(events)("a rank that %s ends the job", (_, event, { timeout = 20, code }) => {
    const body = `${model(timeout)}
      for (let step = 0; step < 1e6; ++step) {
        if (step === 3 && rank === 1) { ${event}; }
        await optimizer.step().catch((error) => { result(rank, error.code); throw error; });
      }`;
    const { status, signal, results } = runRanks<string>(launcher, body, { ranks: 2, deadline: 40 });
    expect(signal).toBeNull(); // the deadline would have sent one
    expect(status).not.toBe(0);
    if (code !== undefined) expect(results[0]).toBe(code);
  });

  it("a rank that never calls mpi.world() makes it give up on the others", () => {
    const body = `const rank = process.env.OMPI_COMM_WORLD_RANK ?? process.env.PMI_RANK;
      if (rank === "1") await new Promise((resolve) => setTimeout(resolve, 30000));
      const { code, message } = await mpi.world({ timeout: 1 }).catch((error) => error);
      result(rank, [code, message]);
      process.exit(3);`;
    const { status, signal, results } = runRanks(launcher, body, { ranks: 2, deadline: 25 });
    expect([status === 0, signal]).toEqual([false, null]);
    expect(results[0]).toEqual(["ERR_MPI_TIMEOUT", expect.stringContaining("did all ranks call mpi.world()?")]);
  });

  it("a rank that closes early gets an error, as the others do, and may go on", () => {
    const body = `${model()}
      const { code, message } = await (rank === 1 ? world.close() : optimizer.step()).catch((error) => error);
      const { updated } = await optimizer.step();
      result(rank, [code, message, updated]);
      await world.close();`;
    const { status, results } = runRanks(launcher, body, { ranks: 2 });
    const told = ["ERR_MPI_DISAGREE", expect.stringMatching(/^Rank 1 disagrees on the method that is called/), 2];
    expect([status, results]).toEqual([0, [told, told]]);
  });

  it("every later call after a timeout is the same error, and the process can go on without MPI", () => {
    const body = `${model(1)}
      if (rank === 1) { await new Promise((resolve) => setTimeout(resolve, 4000)); process.exit(5); }
      const codes = [];
      for (let k = 0; k < 2; ++k) await optimizer.step().catch(({ code }) => codes.push(code));
      await world.close().catch(({ code }) => codes.push(code));
      result(rank, codes);
      process.exit(5);`;
    const { signal, results } = runRanks(launcher, body, { ranks: 2, deadline: 40 });
    expect([signal, results[0]]).toEqual([null, Array(3).fill("ERR_MPI_TIMEOUT")]);
  });
});
