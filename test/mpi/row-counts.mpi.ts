// Rows with counts of their own, which pieces of parameters do not have: refused on all ranks, where one has them too.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdaBelief, parameter, type SparseParameter } from "../../lib";
import { eachLauncher, resultsOf } from "./helpers/ranks";

interface Ended {
  code?: string;
  message?: string;
  updated?: number;
}

/** An optimizer on every rank, and `attempt`, which says how a call ended. */
const model = `
  const world = await mpi.world({ timeout: 20 });
  const { rank } = world;
  const table = adabelief.parameter(new Float32Array(12), { shape: [4, 3], name: "table" });
  const inner = new adabelief.AdaBelief([table], { sparse_step: "row" });
  const attempt = (act) => act().then((done) => done, ({ code, message }) => ({ code, message }));
`;

const refusal = {
  code: "ERR_SPARSE",
  message: expect.stringMatching(/^Parameter 0 \(table\): its state has row_steps/) as string,
};
const others = { code: "ERR_MPI_PEER", message: expect.stringMatching(/ERR_SPARSE: Parameter 0 \(table\)/) as string };

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "adabelief-mpi-rows-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

eachLauncher((launcher) => {
  it("in the state that rank 0 brings along: every call is refused on all ranks", () => {
    const script = `${model}
      if (rank === 0) {
        table.grad = { rows: Uint32Array.of(1), values: new Float32Array(3).fill(1) };
        inner.step();
      }
      table.grad = new Float32Array(12).fill(1);
      const optimizer = new Sharded(inner, world);
      const before = hashOf(table.data);
      const ended = [];
      for (const act of ["broadcast", "step", "stateDict", "saveState", "loadState"]) {
        ended.push(await attempt(() => optimizer[act](...(act.endsWith("State") ? ["/nowhere/at/all"] : []))));
      }
      result(rank, [ended, hashOf(table.data) === before]);
      await world.close();`;
    const [first, second] = resultsOf<[Ended[], boolean]>(launcher, script, { ranks: 2 });
    expect(first).toEqual([
      Array(4)
        .fill(refusal)
        .concat(expect.objectContaining({ code: "ENOENT" })),
      true,
    ]);
    expect(second?.[0].slice(0, 4)).toEqual(Array(4).fill(others));
    expect(second?.[1]).toBe(true);
  });

  it("in a checkpoint: it is refused on all ranks, and the next step is made", async () => {
    const table: SparseParameter = parameter(new Float32Array(12), { shape: [4, 3], name: "table" });
    const optimizer = new AdaBelief([table], { sparse_step: "row" });
    table.grad = { rows: Uint32Array.of(1), values: new Float32Array(3).fill(1) };
    optimizer.step();
    const file = join(folder, "rows");
    await optimizer.saveState(file);
    const script = `${model}
      const optimizer = new Sharded(inner, world);
      const ended = [await attempt(() => optimizer.loadState(rank === 0 ? given : "/nowhere"))];
      table.grad = new Float32Array(12).fill(1);
      ended.push(await attempt(() => optimizer.step()));
      result(rank, ended);
      await world.close();`;
    const [first, second] = resultsOf<Ended[]>(launcher, script, { ranks: 2, given: file });
    const stepped = { updated: 1, skipped: false };
    expect(first).toEqual([refusal, stepped]);
    expect(second).toEqual([others, stepped]);
  });
});
