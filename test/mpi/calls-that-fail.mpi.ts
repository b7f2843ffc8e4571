// A library that fails or stalls the k-th call of each kind: every rank ends with a coded error, or the job ends.
import { runRanks, resultsOf, standardLauncher } from "./helpers/ranks";
import { model } from "./helpers/model";

const [launcher] = standardLauncher;
const some = launcher === undefined ? describe.skip : describe;

const body = (timeout: number) => `${model(timeout)}
  await optimizer.broadcast();
  for (let step = 0; step < 3; ++step) await optimizer.step({ maxGradNorm: 1 });
  await optimizer.stateDict();
  await world.close();`;

/** A script that notes with what error its rank ended. */
const noted = (script: string) => `(async () => { ${script} })().catch((error) => {
  result(process.env.PMI_RANK, [error.code, error.message]);
  process.exit(3);
})`;

some("over a library with the standard ABI", () => {
  it("works, and says so", () => {
    const script = `const { abi, version } = mpi.library; ${model(20, "color: 7")}
      await optimizer.broadcast();
      for (let step = 0; step < 3; ++step) await optimizer.step({ maxGradNorm: 1 });
      const dict = await optimizer.stateDict();
      result(rank, [abi, version, hashOf(weight.data, bias.data), dict === null]);
      await world.close();`;
    const found = resultsOf<unknown[]>(launcher as never, script, { ranks: 2 });
    const [first] = found as [unknown[]];
    expect(found).toEqual([
      ["standard", "a library for tests", first[2], false],
      ["standard", "a library for tests", first[2], true],
    ]);
  });

  /** Which calls fail, how often each is made at least in `body`, and what the error names where it is another call. */
  const calls: [call: string, times: number, named?: string][] = [
    ["MPI_Init_thread", 1],
    ["MPI_Comm_set_errhandler", 1, "MPI_Init_thread"],
    ["MPI_Comm_size", 2],
    ["MPI_Comm_rank", 1],
    ["MPI_Iallreduce", 2],
    ["MPI_Ialltoallv", 2],
    ["MPI_Iallgatherv", 2],
    ["MPI_Ibcast", 2],
    ["MPI_Ibarrier", 1],
    ["MPI_Test", 2, "MPI_Iallreduce"],
    ["MPI_Finalize", 1],
  ];
  const expectLost = (script: string, call: string, number: number, named = call) => {
    const env = { ADABELIEF_TEST_MPI: `fail ${call} ${number} 0` };
    const { status, signal, results } = runRanks<[string, string]>(launcher as never, noted(script), {
      ranks: 2,
      env,
      deadline: 40,
    });
    expect([status === 0, signal]).toEqual([false, null]);
    expect(results[0]?.[0]).toBe("ERR_MPI_LOST");
    expect(results[0]?.[1]).toContain(`${named} failed`);
  };
  it.each(calls.flatMap(([call, times, named]) => Array.from({ length: times }, (_, k) => [call, k + 1, named] as const)))(
    "%s that fails at call %i ends the job with ERR_MPI_LOST",
    (call, number, named) => expectLost(body(10), call, number, named),
  );

  it("MPI_Iallgather that fails where ranks tell why they disagree ends the job with ERR_MPI_LOST", () => {
    expectLost(`${model(10)} await optimizer.step({ gradScale: 1 + rank });`, "MPI_Iallgather", 1);
  });

  it.each([
    ["MPI_Comm_split", 1],
    ["MPI_Comm_set_errhandler", 2],
  ])("%s that fails at call %i for a world of one color ends the job with ERR_MPI_LOST", (call, number) => {
    expectLost("await (await mpi.world({ timeout: 10, color: 0 })).close();", call, number, "MPI_Comm_split");
  });

  it.each(["MPI_Iallreduce", "MPI_Ialltoallv", "MPI_Iallgatherv", "MPI_Ibcast", "MPI_Ibarrier"])(
    "%s that never ends is given up after the timeout",
    (call) => {
      const env = { ADABELIEF_TEST_MPI: `stall ${call} 1 0` };
      const { status, signal, results } = runRanks<[string, string]>(launcher as never, noted(body(1)), {
        ranks: 2,
        env,
        deadline: 40,
      });
      expect([status === 0, signal]).toEqual([false, null]);
      // In the last part of a step the optimizer is lost as well.
      expect(results[0]?.[0]).toBe(call === "MPI_Iallgatherv" ? "ERR_MPI_LOST" : "ERR_MPI_TIMEOUT");
      expect(results[0]?.[1]).toContain(`no answer from the other ranks in 1 s (${call})`);
    },
  );
});
