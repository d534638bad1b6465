import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { transformWithOxc } from "vite";
import * as tf from "@tensorflow/tfjs-core";
import * as backendTfjs from "@polyad/backend-tfjs";
import * as extend from "@polyad/core/extend";
import * as polyad from "polyad";

// Every @example of the sources and every ts block of the pages is run, and each `expression // result` line compared.

const root = join(import.meta.dirname, "..");

interface Example {
  readonly where: string;
  readonly code: string;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : path.endsWith(".ts") ? [path] : [];
  });
}

function docstringExamples(path: string): Example[] {
  const comments = readFileSync(path, "utf8").matchAll(/\/\*\*[\s\S]*?\*\/\s*(?:export )?(?:declare )?(?:abstract )?(?:function|const|class|interface|type)?\s*(\w+)?/g);
  return [...comments].flatMap(([text, name]) => {
    const body = text.slice(0, text.indexOf("*/")).split("\n").map((line) => line.replace(/^\s*\* ?/, "")).join("\n");
    const at = body.indexOf("@example");
    return at < 0 ? [] : [{ where: `${path.slice(root.length + 1)}: ${name ?? "?"}`, code: body.slice(at + "@example".length).split(/\n@\w+/)[0]! }];
  });
}

function pageExamples(path: string): Example[] {
  return [...readFileSync(path, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code], i) => ({ where: `${path.slice(root.length + 1)}: block ${i + 1}`, code: code! }));
}

/**
 * `expression // result` lines become checks, and so does an expression above lines of comment that show what it prints.
 * Imports go, since everything of polyad is in scope.
 */
function instrument(code: string): string {
  const lines = code.split("\n");
  const out: string[] = [];
  let open = "";
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (/^\s*\/\//.test(line)) continue;
    const [, before, expected] = /^(.*?\S)\s*\/\/ (.+)$/.exec(line) ?? [];
    open += `${before ?? line}\n`;
    if (!balanced(open)) continue;
    const expression = open.trim().replace(/;$/, "");
    const printed: string[] = [];
    while (expected === undefined && /^\s*\/\//.test(lines[i + 1] ?? "")) printed.push(lines[++i]!.replace(/^\s*\/\/ ?/, ""));
    const result = expected ?? (printed.length > 0 ? JSON.stringify(printed.join("\n")) : undefined);
    const checkable = result !== undefined && !/^(const|let|import|class|declare|interface)\b/.test(expression);
    out.push(checkable ? `await check(async () => (${expression}), async () => (${result}), ${JSON.stringify(line.trim())});` : open);
    open = "";
  }
  return out.join("\n") + open;
}

function balanced(code: string): boolean {
  return ["()", "[]", "{}"].every(([open, close]) => code.split(open!).length === code.split(close!).length);
}

const scope: Record<string, unknown> = { ...extend, ...polyad, ...backendTfjs, tf, console: { log: () => {} } };

async function run({ where, code }: Example): Promise<void> {
  let checks = 0;
  const check = async (got: () => Promise<unknown>, expected: () => Promise<unknown>, line: string): Promise<void> => {
    checks++;
    expect(near(await got()), line).toEqual(near(await expected()));
  };
  const withoutImports = code.replace(/^import .*$/gm, "");
  const { code: js } = await transformWithOxc(`export async function example(check) {\n${instrument(withoutImports)}\n}`, `${where.replace(/\W/g, "_")}.ts`);
  const names = Object.keys(scope).filter((name) => /^[\w$]+$/.test(name) && !new RegExp(`(const|let|class|function) ${name.replace("$", "\\$")}\\b`).test(withoutImports));
  const body = js.replace(/^export async function/m, "return async function");
  await (new Function(...names, body)(...names.map((name) => scope[name])) as (c: typeof check) => Promise<void>)(check);
  if (/\S\s*\/\/ /.test(code.replace(/^const .*$/gm, ""))) expect(checks, `${where}: no result was compared`).toBeGreaterThan(0);
}

/** Rounded to what a page shows, tensors as their elements. */
function near(x: unknown): unknown {
  if (typeof x === "number") return Number.isFinite(x) ? Number((x + 0).toPrecision(11)) + 0 : x;
  if (ArrayBuffer.isView(x)) return [...(x as Float64Array)].map(near);
  if (Array.isArray(x)) return x.map(near);
  if (typeof x === "function") return String(x);
  if (x instanceof polyad.Tensor) return near(x.toArray());
  if (x !== null && typeof x === "object") return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, near(value)]));
  return x;
}

const files = readdirSync(join(root, "packages")).flatMap((folder) => sources(join(root, "packages", folder, "src")));
const pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "packages/polyad/README.md", "packages/layers/README.md", "packages/backend-tfjs/README.md"].map((page) => join(root, page));
const examples = [...files.flatMap(docstringExamples), ...pages.flatMap(pageExamples)];

// What shows how another library or a type declaration plugs in is read by its own tests.
const runnable = examples.filter(({ where, code }) => where.startsWith("packages/backend-tfjs/README") || !/\btf\.|declare module/.test(code));

test.each(runnable)("$where", run);
