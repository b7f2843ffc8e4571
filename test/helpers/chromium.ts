// A page in Chromium, from a server of its own.
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium, type Browser } from "playwright-core";

const candidates = [process.env["ADABELIEF_CHROMIUM"], "/usr/bin/chromium"];
export const executablePath = candidates.find((path) => path !== undefined && existsSync(path));

/** WebGL by software, and no sandbox, which containers cannot give. */
const flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];

export const launch = (): Promise<Browser> =>
  chromium.launch({ args: flags, ...(executablePath === undefined ? {} : { executablePath }) });

const types: Record<string, string> = { js: "text/javascript", mjs: "text/javascript", html: "text/html" };

/** Serves files by their paths; those that `read` does not have are not found. */
export async function serve(
  read: (path: string) => Buffer | string | undefined,
  headers: (path: string) => Record<string, string> = () => ({}),
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const body = read(path);
    const type = types[path.split(".").at(-1) ?? ""] ?? "text/html";
    response.writeHead(body === undefined ? 404 : 200, { "content-type": type, ...headers(path) }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
