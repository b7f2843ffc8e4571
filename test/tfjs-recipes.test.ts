// docs/tfjs.md has the recipes in the names of AdaBeliefOptimizer, and names those that have no equivalent.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { recipes } from "../lib";
import { AdaBeliefOptimizer, type AdaBeliefOptimizerOptions } from "../lib/tfjs";

const page = readFileSync(join(__dirname, "../docs/tfjs.md"), "utf8");
const rows = [...page.matchAll(/^\| `(\w+)` +\| `([\d.e-]+), (\{.*\})` +\|$/gm)].map(
  (row) => row.slice(1) as [string, string, string],
);
const isDecoupled = ({ weight_decay, weight_decouple }: (typeof recipes)["gan"]) => weight_decay === 0 || weight_decouple;

it("has every recipe whose weight decay is decoupled or absent", () => {
  const wanted = Object.entries(recipes).filter(([, recipe]) => isDecoupled(recipe));
  expect(rows.map(([name]) => name)).toEqual(wanted.map(([name]) => name));
});

it("names the others", () => {
  const others = Object.entries(recipes).filter(([, recipe]) => !isDecoupled(recipe));
  const [, names] = /^((?:`\w+`(?:, | and )?)+) have no equivalent/m.exec(page) as unknown as [string, string];
  expect(names.match(/\w+/g)?.filter((word) => word !== "and")).toEqual(others.map(([name]) => name));
});

it.each(rows)("%s is the recipe's options", (name, rate, code) => {
  const { lr, betas, eps, weight_decay, rectify, amsgrad } = recipes[name as keyof typeof recipes];
  const options = { ...(runInNewContext(`(${code})`) as AdaBeliefOptimizerOptions) };
  expect(new AdaBeliefOptimizer(Number(rate), options).getConfig()).toMatchObject({
    learningRate: lr,
    beta1: betas[0],
    beta2: betas[1],
    epsilon: eps,
    weightDecay: weight_decay,
    rectify,
    amsgrad,
  });
});
