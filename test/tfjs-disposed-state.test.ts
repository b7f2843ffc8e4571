// Loaded state whose variables were disposed of, unnamed ones too, meets other variables: they begin without state, or the step is refused
// and nothing is changed. Never do they take state of another shape, or of a part of a model that is gone.
import { AdaBeliefOptimizer } from "../lib/tfjs";
import { thrownBy } from "./helpers/snapshot";
import { onBothBackends, tf, valuesOf } from "./helpers/tfjs";

type Made = [name: string | undefined, length: number];
type Disposal = "each" | "all";

const make = (list: readonly Made[]) => list.map(([name, length]) => tf.variable(tf.ones([length]), true, name));

function step(optimizer: AdaBeliefOptimizer, variables: readonly ReturnType<typeof tf.variable>[], gradient: number): void {
  optimizer.applyGradients(variables.map(({ name, shape }) => ({ name, tensor: tf.fill(shape, gradient) })));
}

/** An optimizer with loaded state of variables, of which the first few have stepped, and all are disposed of. */
async function loadedOf(list: readonly Made[], claimed: number, disposal: Disposal): Promise<AdaBeliefOptimizer> {
  const saved = new AdaBeliefOptimizer(0.1);
  const variables = make(list);
  step(saved, variables, 1);
  const optimizer = new AdaBeliefOptimizer(0.1);
  await optimizer.setWeights(await saved.getWeights());
  if (claimed > 0) step(optimizer, variables.slice(0, claimed), 1);
  if (disposal === "all") tf.disposeVariables();
  else for (const variable of variables) variable.dispose();
  return optimizer;
}

/** The first element of each m. */
const momentsOf = async (optimizer: AdaBeliefOptimizer) =>
  (await optimizer.getWeights()).filter(({ name }) => name.endsWith("/m")).map(({ tensor }) => valuesOf(tensor)[0]);

const disposals: Disposal[] = ["each", "all"];

onBothBackends(() => {
  afterEach(() => {
    tf.disposeVariables();
  });

  it.each<[string, Made[], Made[], Disposal[]]>([
    ["an unnamed one, by one of another shape", [[undefined, 4]], [[undefined, 2]], disposals],
    ["an unnamed one, by several", [[undefined, 4]], [[undefined, 4], [undefined, 3]], disposals], // prettier-ignore
    ["several unnamed, by fewer", [[undefined, 4], [undefined, 3]], [[undefined, 3]], disposals], // prettier-ignore
    ["an unnamed one, by a named one of another shape", [[undefined, 4]], [["q", 2]], disposals],
    ["a named one, by one of its name and another shape", [["k", 4]], [["k", 2]], ["all"]],
    ["a named one, by an unnamed one of another shape", [["k", 4]], [[undefined, 2]], ["all"]],
    ["a named and an unnamed one, of which that has another shape", [["k", 4], [undefined, 3]], [["k", 4], [undefined, 5]], disposals], // prettier-ignore
  ])("%s: refused, and nothing is changed", async (_, before, after, ways) => {
    for (const way of ways) {
      const optimizer = await loadedOf(before, 0, way);
      const variables = make(after);
      const moments = await momentsOf(optimizer);
      const error = thrownBy(() => {
        step(optimizer, variables, 0);
      });
      expect(error).toMatchObject({ code: "ERR_STATE_DICT" });
      expect(await momentsOf(optimizer)).toEqual(moments);
      for (const variable of variables) expect([...valuesOf(variable)]).toEqual(Array<number>(variable.size).fill(1));
      tf.disposeVariables();
    }
  });

  it.each<[string, Made[], number, Made[], Disposal[]]>([
    ["named, by others", [["k", 4]], 0, [["q", 2]], ["each"]],
    ["named, by one of its name and another shape", [["k", 4]], 0, [["k", 2]], ["each"]],
    ["unnamed, all claimed", [[undefined, 4], [undefined, 3]], 2, [[undefined, 4], [undefined, 3]], disposals], // prettier-ignore
    ["unnamed, one claimed", [[undefined, 4], [undefined, 3]], 1, [[undefined, 4], [undefined, 3]], disposals], // prettier-ignore
    ["unnamed, one claimed, by the other's shape", [[undefined, 4], [undefined, 3]], 1, [[undefined, 3]], disposals], // prettier-ignore
    ["named, one claimed, by both names", [["a", 4], ["b", 3]], 1, [["a", 4], ["b", 3]], disposals], // prettier-ignore
    ["named, one claimed, by other shapes", [["a", 4], ["b", 3]], 1, [["a", 2], ["b", 5]], disposals], // prettier-ignore
  ])("%s: they begin without state", async (_, before, claimed, after, ways) => {
    for (const way of ways) {
      const optimizer = await loadedOf(before, claimed, way);
      step(optimizer, make(after), 0);
      expect(await momentsOf(optimizer)).toEqual(after.map(() => 0));
      tf.disposeVariables();
    }
  });
});
