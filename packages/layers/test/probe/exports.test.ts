import { test } from "vitest";
import * as L from "../../src/index.js";
test("x", async () => { const fs = await import("node:fs" as any);
 const src: Record<string,string> = {};
 const walk = (d: string): string[] => fs.readdirSync(d, { withFileTypes: true }).flatMap((e: any) => e.isDirectory() ? walk(`${d}/${e.name}`) : [`${d}/${e.name}`]);
 const files = walk("packages/layers/src").map((f) => [f, fs.readFileSync(f, "utf8")] as const);
 const out: string[] = [];
 for (const name of Object.keys(L).sort()) {
   let found = "";
   for (const [f, s] of files) { const m = new RegExp(`export (const|function|class|async function) ${name}\\b`).exec(s); if (m) { const before = s.slice(0, m.index).trimEnd(); const doc = before.endsWith("*/") ? before.slice(before.lastIndexOf("/**")) : ""; found = `${f.replace("packages/layers/src/", "")} ${doc === "" ? "NODOC" : doc.includes("@example") ? "" : "NOEXAMPLE"}`; break; } }
   if (!found || /NO/.test(found)) out.push(`${name}: ${found || "?"}`);
 }
 fs.writeFileSync("/tmp/exports.txt", `${Object.keys(L).length}\n${Object.keys(L).join(" ")}\n` + out.join("\n"));
});
