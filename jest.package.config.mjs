// The tests of the packed tarball: they install it, which takes a minute and the npm registry.
import base from "./jest.config.mjs";

export default { ...base, roots: ["<rootDir>/test/package"], testMatch: ["**/*.package.ts"], testTimeout: 300_000 };
