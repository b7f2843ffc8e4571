// What the builds for other platforms share: a command that must succeed, the native tests, the addon in prebuilds/, and programs from npm.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
process.chdir(root);

export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Runs a command, and shows what it printed only if it fails. */
export function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1e9 });
  if (status !== 0) fail(`${stdout ?? ""}${stderr ?? ""}${command}: ${error?.message ?? "failed, see above"}`);
  return stdout;
}

/** Runs tests, and shows their results as they come. */
export function test(command, args, env = {}) {
  const { status } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exit(1);
}

/** Requires programs, each of them with the Debian package that has it. */
export function requirePrograms(what, packages) {
  const missing = Object.entries(packages).filter(([program]) => spawnSync(program, ["--version"], { stdio: "ignore" }).error);
  if (missing.length > 0) fail(`${what} needs ${missing.map(([, name]) => name).join(", ")}: apt-get install`);
}

const modules = join(root, "node_modules");
const headers = [join(modules, "node-addon-api"), join(modules, "node-api-headers", "include")];
const definitions = ["js_native_api", "node_api"].map((name) => join(modules, "node-api-headers", "def", `${name}.def`));

/** Builds the addon for a platform, with its native tests, and strips it into prebuilds/. */
export function build(platform, { strip, tests = true, options = [] }) {
  const folder = `build-${platform}`;
  process.stderr.write(`Building for ${platform}...\n`);
  run(
    "cmake",
    ...["-S", ".", "-B", folder, `-DCMAKE_TOOLCHAIN_FILE=scripts/cross/${platform}.cmake`],
    ...[`-DADABELIEF_TESTS=${tests ? "ON" : "OFF"}`, `-DCMAKE_JS_INC=${headers.join(";")}`],
    ...[`-DADABELIEF_NODE_DEFS=${definitions.join(";")}`, ...options],
  );
  run("cmake", "--build", folder, "--parallel", "2");
  const addon = `prebuilds/${platform}/adabelief.node`; // as prebuildify --napi would call it
  mkdirSync(dirname(addon), { recursive: true });
  run(strip, "--strip-all", "-o", addon, `${folder}/adabelief.node`);
  return { folder, addon };
}

/** Whether WebAssembly was built into this module. */
export const isBuilt = (modules) => !readFileSync(modules, "utf8").includes('exact = ""');

const versionOf = (path) => existsSync(path) && JSON.parse(readFileSync(path, "utf8")).version;

/** Installs packages of another platform from npm, apart from node_modules, where this machine's are. Returns their folder. */
export function install(folder, packages, target) {
  const has = ([name, version]) => versionOf(join(folder, "node_modules", name, "package.json")) === version;
  if (!Object.entries(packages).every(has)) {
    process.stderr.write(`Installing ${Object.keys(packages).join(", ")}...\n`);
    mkdirSync(folder, { recursive: true });
    const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
    run("npm", "install", "--prefix", folder, "--no-save", "--ignore-scripts", "--no-audit", "--force", ...target, ...wanted);
  }
  return join(root, folder, "node_modules");
}

/** The version of the binary by which Jest finds modules: the only one among its packages. */
export const resolverVersion = versionOf("node_modules/unrs-resolver/package.json");

/**
 * Removes the names of glibc's libraries from a binary, which every process has loaded anyway: Bun refuses a binary with such names on
 * musl. The same file then loads on both.
 */
export function removeNeeded(addon) {
  requirePrograms("A binary for glibc and musl", { patchelf: "patchelf" });
  const names = ["libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];
  run("patchelf", ...names.flatMap((name) => ["--remove-needed", name]), addon);
}
