import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { build } from "vite";

/** Debian's Chromium, or what the environment names. */
export const executable: string = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Why there is no browser to test in, or null. */
export const missing: string | null = existsSync(executable) ? null : `no Chromium at ${executable}: install it, or name another with CHROMIUM`;

/** No network but the page's own, and WebGPU by the software Vulkan driver. */
const flags = [
  "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-vulkan=swiftshader", "--use-angle=swiftshader", "--ignore-gpu-blocklist",
];

/** A browser whose pages run a module and what it imports, served from here; `folders` are served under their names. */
export async function openBrowser(entry: string, folders: Readonly<Record<string, string>>): Promise<{ open: () => Promise<Page>; errors: string[]; close: () => Promise<void> }> {
  const server = await serve(await bundle(entry), folders);
  const browser = await chromium.launch({ executablePath: executable, headless: true, args: flags });
  const errors: string[] = [];
  return {
    open: async () => {
      const page = await browser.newPage();
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      return page;
    },
    errors,
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

/** The files of a bundle, by name; the entry is page.js. */
async function bundle(entry: string): Promise<Map<string, string | Uint8Array>> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@polyad/source", "module", "browser"] },
    build: {
      write: false,
      minify: false,
      target: "es2022",
      // The suite knows vitest by testBackend alone, which no page calls.
      rollupOptions: { input: entry, external: ["vitest"], treeshake: { moduleSideEffects: (_id, external) => !external }, output: { entryFileNames: "page.js" } },
    },
  });
  if (!("output" in built)) throw new Error("expected one bundle");
  return new Map(built.output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}

const types: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", wasm: "application/wasm" };

async function serve(files: ReadonlyMap<string, string | Uint8Array>, folders: Readonly<Record<string, string>>): Promise<Server> {
  const read = async (path: string): Promise<string | Uint8Array | undefined> => {
    if (path === "index.html") return `<!doctype html><title>polyad</title><script type="module" src="/page.js"></script>`;
    const [folder, name] = path.split("/");
    return name !== undefined && folder! in folders ? await readFile(join(folders[folder!]!, name)) : files.get(path);
  };
  const server = createServer((request, response) => {
    const path = request.url === "/" ? "index.html" : request.url!.slice(1).split("?")[0]!;
    read(path).then(
      (body) => response.writeHead(body === undefined ? 404 : 200, { "content-type": types[path.split(".").at(-1)!] ?? "text/plain" }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}
