// Which modules of lib/ may import which: no cycle, and no arrow up.
const lib = (...folders) => `^lib/(${folders.join("|")})(/|\\.ts$)`;
const forbid = (name, comment, from, to) => ({ name, comment, severity: "error", from: { path: from }, to: { path: to } });

export default {
  forbidden: [
    {
      name: "no-cycle",
      comment: "Modules that import each other cannot be read one by one.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    forbid(
      "mathematics-knows-no-owner",
      "A declaration knows no table and no class but the base.",
      lib("rule", "options"),
      lib("step", "optimizer", "optimizers", "state-dict", "checkpoint"),
    ),
    forbid(
      "step-knows-no-owner",
      "A step knows no optimizer, state dict or checkpoint.",
      "^lib/step/(?!update\\.ts|index\\.ts)",
      lib("optimizer", "state-dict", "checkpoint"),
    ),
    forbid(
      "engine-knows-no-step",
      "The engine's interface knows nothing above it.",
      lib("native", "wasm", "errors"),
      lib("step", "groups", "rule", "options", "optimizer", "optimizers", "state-dict", "checkpoint"),
    ),
    forbid(
      "nothing-needs-the-command",
      "The command and the benchmark use the library, and not the other way round.",
      "^lib/(?!cli|bench)",
      lib("cli", "bench"),
    ),
    forbid(
      "nothing-needs-a-browser",
      "scripts/browser.mjs puts these modules in the place of others.",
      "^lib/(?!browser)",
      lib("browser"),
    ),
  ],
  options: { tsConfig: { fileName: "tsconfig.json" }, tsPreCompilationDeps: true, doNotFollow: { path: "node_modules" } },
};
