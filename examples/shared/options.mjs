import { resolve } from "node:path";
import { parseArgs } from "node:util";

/**
 * The options of the command line, each with its default, a number or a string; what `--help` says of it; and for a number the
 * least that it can be, 0 unless said. What is wrong ends the process with status 2.
 */
export function readOptions(about, table) {
  const strings = Object.keys(table).map((name) => [name, { type: "string" }]);
  const fail = (message) => {
    console.error(`${message}; see --help`);
    process.exit(2);
  };
  let values;
  try {
    ({ values } = parseArgs({ options: { ...Object.fromEntries(strings), help: { type: "boolean" } } }));
  } catch (error) {
    fail(error.message);
  }
  if (values.help) {
    const lines = Object.entries(table).map(
      ([name, [value, what]]) => `  --${name.padEnd(10)} ${what} (${["", Infinity].includes(value) ? "none" : value})`,
    );
    console.log([about, ...lines].join("\n"));
    process.exit(0);
  }
  return Object.fromEntries(
    Object.entries(table).map(([name, [standard, , least = 0]]) => {
      const given = values[name] ?? standard;
      const value = typeof standard === "number" ? Number(given) : given;
      const isWhole = !Number.isInteger(standard) || Number.isInteger(value); // a default that is whole asks for no less
      if (typeof standard === "number" && !(value >= least && isWhole))
        fail(`--${name} must be a ${Number.isInteger(standard) ? "whole " : ""}number from ${least} on, not ${given}`);
      return [name, value];
    }),
  );
}

/** A path as whoever typed it meant it: npm runs an example in the example's own folder. */
export const pathFromCaller = (path) => resolve(process.env.INIT_CWD ?? ".", path);

/** Makes the process end with status 1 where a value is not below its bound, and says so. */
export function requireBelow(what, value, bound) {
  const isBelow = value < bound;
  if (bound !== Infinity) console.log(`${what}: ${value.toPrecision(4)}, ${isBelow ? "below" : "NOT below"} ${bound}`);
  if (!isBelow) process.exitCode = 1;
}
