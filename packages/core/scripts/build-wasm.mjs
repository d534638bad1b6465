// Compiles assembly/ and writes it, as base64, to src/host/wasmBytes.ts.
//   node scripts/build-wasm.mjs          write the file
//   node scripts/build-wasm.mjs --check  fail if the committed file is not what the sources give
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const PAGES = "35"; // To the end of assembly/layout.ts, in pages of 64 KiB: the memory never grows.

const source = (name) => readFile(new URL(`../assembly/${name}`, import.meta.url), "utf8").catch(() => null);
const target = new URL("../src/host/wasmBytes.ts", import.meta.url);

const options = ["-O3", "--enable", "simd", "--runtime", "stub", "--noAssert"];
const memory = ["--initialMemory", PAGES, "--maximumMemory", PAGES];
let binary;
const { error, stderr } = await asc.main(["index.ts", ...options, ...memory, "--outFile", "out.wasm"], {
  readFile: source,
  writeFile: (name, data) => {
    if (name === "out.wasm") binary = data;
  },
  listFiles: () => [],
});
if (error || stderr.toString()) {
  console.error(stderr.toString() || error);
  process.exit(1);
}

const text = `// Generated from assembly/ by \`node scripts/build-wasm.mjs\`; do not edit.
export const wasmBase64: string =
  "${Buffer.from(binary).toString("base64")}";
`;

if (!process.argv.includes("--check")) {
  await writeFile(target, text);
  console.log(`${fileURLToPath(target)}: ${binary.length} bytes of WebAssembly`);
} else if ((await readFile(target, "utf8").catch(() => "")) !== text) {
  console.error("src/host/wasmBytes.ts does not match assembly/: run node scripts/build-wasm.mjs");
  process.exit(1);
}
