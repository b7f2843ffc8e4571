// The tests in Chromium, Debian's or the one that ADABELIEF_CHROMIUM names.
import base from "./jest.config.mjs";

export default { ...base, roots: ["<rootDir>/test/browser"], testMatch: ["**/*.browser.ts"], testTimeout: 120_000 };
