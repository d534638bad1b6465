import type { ADType } from "@polyad/core";
import type { Disagreement } from "./check.js";
import type { Engines } from "./evaluate.js";
import { depthOf, type Attribute, type Body, type Leaf, type Literal, type NestedNode, type Program, type Tree } from "./program.js";
import { bare, moved, Subject, type Question } from "./subject.js";

/** Engines that a printed program imports by name; some must load something first. */
const packages: Readonly<Record<string, readonly [factory: string, from: string, ready?: string]>> = {
  tape: ["AutoTape", "@polyad/backend-tape"],
  forward: ["AutoForward", "@polyad/backend-forward"],
  "finite-diff": ["AutoFiniteDiff", "@polyad/backend-finite-diff"],
  tfjs: ["AutoTfjs", "@polyad/backend-tfjs", "ready"],
};

/**
 * The program and what was asked of it, as a TypeScript file that prints what the engines say.
 *
 * @param modules modules that define engines other than Polyad's, by tag
 */
export function printProgram(program: Program, disagreement: Disagreement, origin: string, modules: Readonly<Record<string, string>> = {}): string {
  return new Printer(program, modules).file(disagreement, origin);
}

class Printer {
  private readonly names = new Set<string>();
  private readonly modules = new Set<string>();
  private readonly unknown = new Set<string>();
  /** What loads an engine, by the token that it is given. */
  private readonly loading = new Map<string, string>();

  constructor(
    private readonly program: Program,
    private readonly defining: Readonly<Record<string, string>>,
  ) {}

  file({ question, against, where, got, expected, tolerance }: Disagreement, origin: string): string {
    const questions = typeof against === "string" ? [question] : [question, against];
    const body = [
      `const args = ${this.list()} as const;`,
      `type Args = ${this.core("Traced", true)}<typeof args>;`,
      ...this.functions(questions),
      ...questions.map((q, i) => `console.log(${JSON.stringify(this.title(q))}, ${this.operator(q, this.nested() ? i : 0, against === "the plain value")});`),
      ...(against === "the plain value" ? [`console.log(${JSON.stringify(this.title({ ...question, operator: "value" }))}, ${this.operator({ ...question, operator: "value" }, 0)});`] : []),
    ];
    const held = typeof against === "string" ? against : this.title(against);
    return [
      `// Found by @polyad/conformance, ${origin}.`,
      `// ${this.title(question)}${where && `, ${where}`}: got ${got}, expected ${expected}${tolerance > 0 ? ` within ${tolerance.toPrecision(2)}` : ""} (${held}).`,
      ...[...this.unknown].map((tag) => `// Import the package that defines the engine "${tag}".`),
      `import { ${[...this.names].sort().join(", ")} } from "@polyad/core";`,
      ...[...this.modules].sort().map((from) => `import ${this.ready(from)}"${from}";`),
      "",
      ...[...this.loading].map(([token, ready]) => `await ${ready}(${token});`),
      ...body,
      "",
    ].join("\n");
  }

  private nested(): boolean {
    return depthOf(this.program.body) > 0;
  }

  /** f, once for each choice of engines inside it. */
  private functions(questions: readonly Question[]): string[] {
    const parameters = `...[${this.program.args.map((tree) => this.pattern(tree)).join(", ")}]: Args`;
    const one = (nested: Engines, name: string): string[] => [
      `const ${name} = (${parameters}) => {`,
      ...this.body(this.program.body, "  ", "", (k) => leafName(k), nested),
      "};",
    ];
    return this.nested() ? questions.flatMap((q, i) => one(q.nested, `f${i}`)) : one(questions[0]!.nested, "f0");
  }

  private body({ nodes, results }: Body, indent: string, prefix: string, parameter: (k: number) => string, nested: Engines): string[] {
    const names: string[] = [];
    const lines: string[] = [];
    nodes.forEach((node, i) => {
      if (node.kind === "arg") names[i] = parameter(node.index);
      else if (node.kind === "const" && node.value.kind === "number") names[i] = number(node.value.data[0]!);
      else {
        const name = `${prefix}${"n"}${i}`;
        names[i] = name;
        if (node.kind === "const") lines.push(`${indent}const ${name} = ${this.literal(node.value)};`);
        else if (node.kind === "call") {
          const inputs = node.inputs.map((j) => names[j]!);
          const all = [...(node.lead === undefined ? [] : [attribute(node.lead)]), ...(node.listed === true ? [`[${inputs.join(", ")}]`] : inputs), ...node.rest.filter((r) => JSON.stringify(r) !== "{}").map(attribute)];
          lines.push(`${indent}const ${name} = ${this.core(node.op)}(${all.join(", ")})${node.pick === undefined ? "" : `[${node.pick}]`};`);
        } else lines.push(...this.operatorInside(node, name, names, indent, nested));
      }
    });
    const ys = results.map((i) => names[i]!);
    return [...lines, `${indent}return ${ys.length === 1 ? ys[0]! : `[${ys.join(", ")}]`};`];
  }

  private operatorInside(node: NestedNode, name: string, names: readonly string[], indent: string, [ad, other]: Engines): string[] {
    const active = node.inputs.map((_, k) => `${name}x${k}`);
    const inner = this.body(node.body, `${indent}  `, name, (k) => active[k] ?? names[node.captured[k - active.length]!]!, [other, ad]);
    const f = [`(${active.map((x) => `${x}: ${this.core("Value", true)}`).join(", ")}) => {`, ...inner, `${indent}}`];
    const at = node.inputs.map((i) => names[i]!).join(", ");
    const seed = node.seed === undefined ? "" : `, ${names[node.seed]!}`;
    const engine = node.operator === "hvp" ? `${this.core("SecondOrder")}(${this.token(ad)}, ${this.token(other)})` : this.token(ad);
    const called = `${this.core(node.operator)}(${f.join("\n")}`;
    const text = node.operator === "checkpoint" ? `${called})(${at})` : `${called}, ${engine}, ${at}${seed})${node.operator === "gradient" ? `[${node.pick}]` : ""}`;
    return `${indent}const ${name} = ${text};`.split("\n");
  }

  private operator(question: Question, which: number, withValue = false): string {
    const { operator, ad, nested } = question;
    const subject = this.subject(question);
    const f = `f${which}`;
    const parts = subject.weights;
    const sums = (): string[] => parts.map((w, k) => `${this.core("sum")}(${this.core("mul")}(${this.literal(w)}, ${parts.length === 1 ? "y" : `y[${k}]!`}))`);
    const alone = parts.length === 1 && parts[0]!.shape.length === 0;
    const total = (): string => sums().reduce((a, b) => `${this.core("add")}(${a}, ${b})`);
    const loss = (): string => (alone ? f : `(...x: Args) => { const y = ${f}(...x); return ${total()}; }`);
    const packedLoss = (): string => (alone ? packed : `(x) => { const y = ${f}(...x); return ${total()}; }`);
    const packed = `(x) => ${f}(...x)`;
    const direction = (): string => this.list(({ form }, k) => {
      const value = subject.directions[k];
      return value ? { form, value } : null;
    });
    const at = (of: (leaf: Leaf) => Leaf, alone?: (leaf: Leaf) => Leaf): string => `...(${this.list(of, alone)} as const)`;
    switch (operator) {
      case "value":
        return `Reflect.apply(${f}, undefined, ${this.program.leaves.some(({ constant }) => constant) ? this.list(({ form, value }) => ({ form, value })) : "args"})`; // f alone takes no marks
      case "gradient":
        return `${this.core("gradient")}(${loss()}, ${this.token(ad)}, ...args)`;
      case "prepared gradient":
        return `(() => { const g = ${this.core("prepareGradient")}(${loss()}, ${this.token(ad)}, ${at(moved)}); g(${at(moved, bare)}); return g(${at((leaf) => leaf, bare)}); })()`;
      case "pushforward":
        return `${this.core(withValue ? "valueAndPushforward" : "pushforward")}(${packed}, ${this.token(ad)}, args, ${direction()})`;
      case "pullback":
        return `${this.core(withValue ? "valueAndPullback" : "pullback")}(${packed}, ${this.token(ad)}, args, ${parts.length === 1 ? this.literal(parts[0]!) : `[${parts.map((w) => this.literal(w)).join(", ")}]`})`;
      case "hvp":
        return `${this.core("hvp")}(${packedLoss()}, ${this.core("SecondOrder")}(${this.token(ad)}, ${this.token(nested[0])}), args, ${direction()})`;
      case "trace":
        return `${this.core("trace")}(${f}, ...args).optimize().evaluate(...args)`;
      case "gradient of the trace":
        return `${this.core("trace")}((...x: Args) => ${this.core("gradient")}(${loss()}, ${this.token(ad)}, ...x), ...args).optimize().evaluate(...args)`;
    }
  }

  private subject({ nested }: Question): Pick<Subject, "weights" | "directions"> {
    try {
      return new Subject(this.program, nested);
    } catch {
      return { weights: [{ kind: "number", shape: [], data: [1] }], directions: [] };
    }
  }

  private title({ operator, ad, nested }: Question): string {
    const inside = this.nested() ? `, ${nested[0].adtype} inside` : "";
    return operator === "value" ? `value${inside}` : `${operator} by ${ad.adtype}${operator === "hvp" ? ` over ${nested[0].adtype}` : inside}`;
  }

  /** The arguments, with something in the place of each leaf, and of what is an argument by itself. */
  private list(of: (leaf: Leaf, k: number) => Leaf | null = (leaf) => leaf, alone: (leaf: Leaf) => Leaf = (leaf) => leaf): string {
    const one = (tree: Tree): string => this.argument(tree, (leaf, k) => {
      const other = of(leaf, k);
      return other !== null && typeof tree === "number" ? alone(other) : other;
    });
    return `[${this.program.args.map(one).join(", ")}]`;
  }

  private argument(tree: Tree, of: (leaf: Leaf, k: number) => Leaf | null): string {
    if (typeof tree === "number") {
      const leaf = of(this.program.leaves[tree]!, tree);
      return leaf ? this.leaf(leaf) : "null";
    }
    if ("inert" in tree) return JSON.stringify(tree.inert);
    if ("items" in tree) return `[${tree.items.map((part) => this.argument(part, of)).join(", ")}]`;
    return `{ ${Object.entries(tree.fields).map(([key, part]) => `${key}: ${this.argument(part, of)}`).join(", ")} }`;
  }

  private leaf({ form, value, constant }: Leaf): string {
    const text = form === "typedArray" ? `new ${value.kind === "float32" ? "Float32Array" : "Float64Array"}([${value.data.map(number).join(", ")}])` : this.literal(value);
    return constant === true ? `${this.core("Const")}(${text})` : text;
  }

  /** Destructures an argument into its leaves. */
  private pattern(tree: Tree): string {
    if (typeof tree === "number") return leafName(tree);
    if ("inert" in tree) return "_";
    if ("items" in tree) return `[${tree.items.map((part) => this.pattern(part)).join(", ")}]`;
    return `{ ${Object.entries(tree.fields).flatMap(([key, part]) => (typeof part === "object" && "inert" in part ? [] : [`${key}: ${this.pattern(part)}`])).join(", ")} }`;
  }

  private literal({ kind, shape, data }: Literal): string {
    if (kind === "number") return number(data[0]!);
    const make = this.core("tensor");
    if (data.length === 0) return `${make}([], [${shape.join(", ")}], "${kind}")`;
    const rows = (axis: number, from: number, size: number): string => {
      if (axis === shape.length) return number(data[from]!);
      const step = size / shape[axis]!;
      return `[${Array.from({ length: shape[axis]! }, (_, i) => rows(axis + 1, from + i * step, step)).join(", ")}]`;
    };
    return `${make}(${rows(0, 0, data.length)}${kind === "float64" ? "" : `, null, "${kind}"`})`;
  }

  private token(ad: ADType): string {
    const { adtype, execution: _, ...options } = ad;
    const known = packages[adtype];
    if (known === undefined) {
      const own = this.defining[adtype];
      if (own === undefined) this.unknown.add(adtype);
      else this.modules.add(own);
      return JSON.stringify(ad);
    }
    const [factory, from, ready] = known;
    const token = `${this.core(factory)}(${Object.keys(options).length === 0 ? "" : JSON.stringify(options)})`;
    this.modules.add(from);
    if (ready !== undefined) this.loading.set(token, ready);
    return token;
  }

  private ready(module: string): string {
    const ready = Object.values(packages).find(([, from]) => from === module)?.[2];
    return ready === undefined ? "" : `{ ${ready} } from `;
  }

  private core(name: string, type = false): string {
    this.names.add(type ? `type ${name}` : name);
    return name;
  }
}

function leafName(k: number): string {
  return "abcdeghijklm"[k] ?? `leaf${k}`;
}

function number(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

function attribute(x: Attribute): string {
  if (Array.isArray(x)) return `[${x.map((part: Attribute) => attribute(part)).join(", ")}]`;
  if (typeof x === "object" && x !== null) return `{ ${Object.entries(x).map(([key, part]) => `${key}: ${attribute(part as Attribute)}`).join(", ")} }`;
  return JSON.stringify(x);
}
