// Questions that the comparison leaves open, as data: the effect of eps, clipping, schedules, weight decay and rectification. A study is a
// table. Each cell is a training with an optimizer and options, and with a `clip` or a `schedule` that replaces the task's own.

const short = (value) => value.toExponential().replace("e+0", "");

const cell = (row, column, optimizer, options, rest = {}) => ({ row, column, optimizer, options, ...rest });

/** Cells of all combinations of three lists. */
const cross = (a, b, c, make) => a.flatMap((x) => b.flatMap((y) => c.map((z) => make(x, y, z))));

const adaptive = ["AdaBelief", "EAdam", "Adam"];
const milestones = {
  "33 % and 67 %": [1 / 3, 2 / 3],
  "78 % and 89 %": [7 / 9, 8 / 9],
};

/**
 * By name: `title`, `models`, and `cells(settings)` for the paper's settings of an experiment. With `screening` a study has one seed, a third
 * of the length, and validation data.
 */
export const studies = {
  eps: {
    title: "Learning rate and eps",
    models: ["resnet", "lstm1"],
    screening: true,
    cells: (settings) =>
      cross(adaptive, [1e-16, 1e-12, 1e-8, 1e-4], [1e-3, 1e-2, 1e-1], (name, eps, lr) =>
        cell(`${name}, eps ${short(eps)}`, `lr ${short(lr)}`, name, { ...settings[name], lr, eps }),
      ),
  },
  "eps-square": {
    title: "Adam's eps x, beside x and x² in AdaBelief and EAdam, at Adam's rate",
    models: ["resnet", "lstm1"],
    cells: (settings) =>
      [1e-4, 1e-8].flatMap((x) => {
        const one = (name, what, eps) =>
          cell(`${name}, eps ${what}`, `x = ${short(x)}`, name, { ...settings[name], lr: settings.Adam.lr, eps });
        const kept = ["AdaBelief", "EAdam"].flatMap((name) => [one(name, "x", x), one(name, "x²", x ** 2)]);
        return [one("Adam", "x", x), ...kept];
      }),
  },
  clipping: {
    title: "Gradients scaled to a norm, and clamped element by element",
    models: ["lstm1"],
    screening: true,
    cells: (settings) =>
      cross(adaptive, ["norm", "value"], [0.25, 1e-2, 1e-3, 1e-4, 1e-5], (name, kind, limit) =>
        cell(`${name}, ${kind}`, `at ${limit}`, name, settings[name], { clip: { [kind]: limit } }),
      ),
  },
  schedule: {
    title: "When the rate is divided by 10",
    models: ["resnet"],
    cells: (settings) =>
      ["AdaBelief", "SGD", "Adam", "AdamW"].flatMap((name) =>
        Object.entries(milestones).map(([when, shares]) =>
          cell(name, when, name, settings[name], { schedule: { milestones: shares } }),
        ),
      ),
  },
  decay: {
    title: "Coupled, decoupled and fixed weight decay",
    models: ["resnet"],
    // At lr 1e-3 the fixed decay of 1e-5 is the decoupled one of 1e-2, until the schedule lowers the rate.
    cells: ({ AdaBelief, Adam, AdamW }) => [
      cell("AdaBelief", "coupled", "AdaBelief", AdaBelief),
      cell("AdaBelief", "decoupled", "AdaBelief", { ...AdaBelief, weight_decouple: true, weight_decay: 1e-2 }),
      cell("AdaBelief", "fixed", "AdaBelief", { ...AdaBelief, weight_decouple: true, weight_decay: 1e-5, fixed_decay: true }),
      cell("Adam", "coupled", "Adam", Adam),
      cell("Adam", "decoupled", "AdamW", AdamW),
    ],
  },
  rectify: {
    title: "Rectification",
    models: ["resnet", "lstm1", "wgan-gp", "transformer"],
    cells: ({ AdaBelief }) =>
      [true, false].map((rectify) => cell("AdaBelief", rectify ? "on" : "off", "AdaBelief", { ...AdaBelief, rectify })),
  },
};
