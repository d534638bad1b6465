import { closeSync, existsSync, lstatSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a page, and the folders that lead to it.
 * @throws Error that names the file and the reason.
 */
export function writeReport(path: string, page: string): void {
  try {
    makeFolder(dirname(path));
    writeFileSync(path, page);
  } catch (cause) {
    throw new Error(`Cannot write the report to ${path}: ${messageOf(cause)}. Choose another file with --out.`, { cause });
  }
}

/** @throws Error that names a file in which no page could be written, before hours are spent on what it is to hold. */
export function claimReport(path: string): void {
  try {
    makeFolder(dirname(path));
    const fresh = lstatSync(path, { throwIfNoEntry: false }) === undefined; // a link may lead to a file that is yet to be
    closeSync(openSync(path, "a"));
    if (fresh) rmSync(path);
  } catch (cause) {
    throw new Error(`The report ${path} cannot be written: ${messageOf(cause)}. Choose another file with --out.`, { cause });
  }
}

/** Not mkdir's own `recursive`, which on Node 20 never returns where the file system refuses with ENOENT, as /proc does. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
