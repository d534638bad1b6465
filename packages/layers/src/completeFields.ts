import { AutodiffError, Tensor, type LayerConstructor } from "@polyad/core";

interface Needed<F extends object> {
  /** Fields that are a `Const`. */
  readonly settings?: readonly (keyof F & string)[];
  /** Fields that are functions: activations and inner layers. */
  readonly functions?: readonly (keyof F & string)[];
}

/**
 * A constructor whose `from` refuses fields of which no layer can be made, as those of a gradient: it has null for settings
 * and functions, and a plain object for an inner layer. Trees are rebuilt without it.
 *
 * @throws AutodiffError that names the field.
 */
export function completeFields<C extends unknown[], F extends object, A extends unknown[], R>(
  made: LayerConstructor<C, F, A, R>,
  { settings = [], functions = [] }: Needed<F>,
): LayerConstructor<C, F, A, R> {
  const { name, from } = made as typeof made & { readonly name: string };
  return Object.assign(made, {
    from: (fields: F) => {
      if (typeof fields !== "object" || fields === null) return from(fields); // says so
      const setting = settings.find((key) => !isConst(fields[key]));
      if (setting !== undefined) throw lacking(name, setting, "a Const", fields);
      const part = functions.find((key) => typeof fields[key] !== "function");
      if (part !== undefined) throw lacking(name, part, "a function", fields);
      return from(fields);
    },
  });
}

function isConst(x: unknown): boolean {
  return typeof x === "object" && x !== null && "activity" in x && x.activity === "const";
}

function lacking(name: string, key: string, what: string, fields: object): AutodiffError {
  const given: unknown = Reflect.get(fields, key);
  const got = given === null ? "null, as in a gradient" : typeof given === "object" ? "an object" : String(given);
  const arrays = Object.entries(fields).flatMap(([field, x]) => (x instanceof Tensor ? [field] : []));
  return new AutodiffError(`${name}.from: expected ${what} as ${key}, got ${got}. Take it from a layer: ${name}.from({ ${["...layer", ...arrays].join(", ")} }).`);
}
