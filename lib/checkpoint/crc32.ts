// The CRC-32 of bytes, and of what came before them. lib/browser/crc32.ts has it for browsers.
export { crc32 } from "node:zlib";
