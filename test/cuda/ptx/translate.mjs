// Translates the PTX of the kernels into C++: translate.mjs KERNELS.ptx OUTPUT.cpp
// One statement an instruction. machine.h says what an instruction does. An instruction that it lacks does not compile, and neither
// does a floating-point operation without a rounding.
import { readFileSync, writeFileSync } from "node:fs";

const types = { pred: "bool", b16: "u16", b32: "u32", b64: "u64", f32: "f32", f64: "f64" };
const special = { "%ctaid.x": "here.block", "%tid.x": "here.thread", "%ntid.x": "here.threads" };

function fail(what) {
  process.stderr.write(`translate.mjs: ${what}\n`);
  process.exit(1);
}

const register = (name) => `r_${name.slice(1)}`;
const label = (name) => name.replace("$", "");

/** A register, a constant or the address of the parameter. */
function operand(text, parameter) {
  if (text in special) return special[text];
  if (text === parameter) return "parameter";
  if (/^__local_depot\d+$/.test(text)) return "reinterpret_cast<u64>(depot)";
  if (/^%\w+$/.test(text)) return register(text);
  if (/^0f[0-9A-F]{8}$/.test(text)) return `float_of(0x${text.slice(2)}u)`;
  if (/^0d[0-9A-F]{16}$/.test(text)) return `double_of(0x${text.slice(2)}ull)`;
  if (/^-?\d+$/.test(text)) return text === "-9223372036854775808" ? "INT64_MIN" : text;
  return fail(`an operand is not known: ${text}`);
}

function address(text, parameter) {
  const [, base, offset = "0"] = /^\[([^+\]]+)(?:\+(-?\d+))?\]$/.exec(text) ?? fail(`an address is not known: ${text}`);
  return `${operand(base, parameter)} + ${offset}`;
}

/** Splits at the commas that are not within braces or brackets. */
const split = (text) => (text === "" ? [] : text.split(/,\s*(?![^{[]*[}\]])/));

/** ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1+16] and the like. A vector is one access, and must be aligned as a whole. */
function access([kind, ...words], operands, parameter) {
  const type = words.pop();
  const space = ["param", "global", "local"].includes(words[0]) ? words.shift() : "generic";
  const count = Number(/^v([24])$/.exec(words.shift() ?? "v1")?.[1] ?? 1);
  const [at, what] = kind === "ld" ? [operands[1], operands[0]] : operands;
  const values = split(what.replace(/[{}]/g, "")).map((text) => operand(text, parameter));
  if (words.length > 0 || values.length !== count)
    fail(`an access to ${space} memory is not known: ${kind} ${operands.join(", ")}`);
  return `${kind === "ld" ? "load" : "store"}<${type}>(${[address(at, parameter), ...values].join(", ")});`;
}

function statement(instruction, operands, parameter) {
  const words = instruction.split(".");
  if (words[0] === "ret") return "return;";
  if (words[0] === "bra") return `goto ${label(operands[0])};`;
  if (words[0] === "ld" || words[0] === "st") return access(words, operands, parameter);
  const [to, ...from] = operands.map((text) => operand(text, parameter));
  if (words[0] === "mov") return `move(${to}, ${from[0]});`;
  return `${to} = ${words.join("_")}(${from.join(", ")});`;
}

function line(text, parameter) {
  const [, type, prefix, count] = /^\.reg \.(\w+)\s+%(\w+)<(\d+)>;$/.exec(text) ?? [];
  if (type !== undefined) {
    const names = Array.from({ length: Number(count) }, (_, k) => `r_${prefix}${k}{}`);
    return `${types[type] ?? fail(`a register's type is not known: ${type}`)} ${names.join(", ")};`;
  }
  const [, own, name] = /^\.reg \.(\w+)\s+%(\w+);$/.exec(text) ?? []; // the stack's two pointers
  if (own !== undefined) return `${types[own] ?? fail(`a register's type is not known: ${own}`)} r_${name}{};`;
  const [, alignment, size] = /^\.local \.align (\d+) \.b8\s+__local_depot\d+\[(\d+)\];$/.exec(text) ?? [];
  if (size !== undefined) return `alignas(${alignment}) u8 depot[${size}];`;
  const [, place] = /^(\$\w+):$/.exec(text) ?? [];
  if (place !== undefined) return `${label(place)}:;`;
  const [, not, condition, instruction, operands] =
    /^(?:@(!?)(%\w+)\s+)?([a-z][\w.]*)\s*(.*?);$/.exec(text) ?? fail(`a line is not known: ${text}`);
  const done = statement(instruction, split(operands), parameter);
  return condition === undefined ? done : `if (${not}${register(condition)}) ${done.startsWith("goto") ? done : `{ ${done} }`}`;
}

const entry = /\.visible \.entry (\w+)\(\s*\.param \.align 8 \.b8 (\w+)\[(\d+)\]\s*\)[^{]*\{(.*?)\n\}/gs;

function translate(text) {
  const kernels = [...text.matchAll(entry)];
  if (kernels.length !== (text.match(/\.entry /g) ?? []).length) fail("a kernel has other parameters than one Launch");
  const functions = kernels.map(([, name, parameter, size, body]) => {
    const lines = body.split("\n").map((text) => text.replace(/\/\/.*/, "").trim());
    const code = lines.filter((text) => text !== "" && !text.startsWith(".pragma")).map((text) => `  ${line(text, parameter)}`);
    return [
      `static_assert(sizeof(Launch) == ${size}, "the parameter of ${name}");`,
      `void ${name}(const Launch& launch, [[maybe_unused]] const Here& here) {`,
      "  const u64 parameter = reinterpret_cast<u64>(&launch);",
      ...code,
      "}",
    ].join("\n");
  });
  const entries = kernels.map(([, name]) => `    {"${name}", &${name}},`);
  return [
    "// Written by translate.mjs.",
    '#include "machine.h"',
    "",
    "namespace adabelief::mock_driver {",
    "namespace {",
    ...functions,
    "}  // namespace",
    "const std::unordered_map<std::string, Run>& translated() {",
    "  static const std::unordered_map<std::string, Run> kernels = {",
    ...entries,
    "  };",
    "  return kernels;",
    "}",
    "}  // namespace adabelief::mock_driver",
    "",
  ].join("\n");
}

const [input, output] = process.argv.slice(2);
writeFileSync(output, translate(readFileSync(input, "utf8")));
