/**
 * A key that occurs twice in one object of a JSON text, null if none does. `JSON.parse`, which must have accepted the
 * text, keeps the last of them without a word. (By hand: regular expressions run out of stack on long strings.)
 */
export function repeatedKey(json: string): string | null {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const char = json[i]!;
    if (char === "{") open.push(new Set());
    else if (char === "}") open.pop();
    else if (char === '"') {
      const start = i;
      i = closing(json, i);
      if (!colonAfter(json, i)) continue;
      const key = JSON.parse(json.slice(start, i + 1)) as string;
      const keys = open[open.length - 1]!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return null;
}

/** Where the string ends that begins at a quotation mark. */
function closing(json: string, start: number): number {
  let i = start + 1;
  while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
  return i;
}

function colonAfter(json: string, end: number): boolean {
  let i = end + 1;
  while (" \t\n\r".includes(json[i] ?? ":")) i++;
  return json[i] === ":";
}
