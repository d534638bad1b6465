import { engine, reshape, scalar } from "@tensorflow/tfjs-core";
import type * as tf from "@tensorflow/tfjs-core";
import { add, applyMap, isFloat, UnsupportedError, type AnyPrimitive, type Pullback, type Pushforward, type Tangents, type Value } from "@polyad/core/extend";
import { inOrder, wayOut, type Node } from "./order.js";
import { inOwnScope } from "./scope.js";
import { stored, TfjsTensor } from "./tensor.js";

/**
 * Derivatives on TensorFlow.js's own tape. Each primitive of Polyad is one entry there, whose gradient is the primitive's
 * rule: right at every order, for rules are written in ops, which are recorded again. Calls of TensorFlow.js in between
 * are entries of its own, with its own gradients.
 */

/** Whether TensorFlow.js records what runs now. */
export function recording(): boolean {
  return engine().isTapeOn();
}

/** Runs kernels without recording them: the primitive that they make up is one entry. */
export function unrecorded<R>(f: () => R): R {
  const { state } = engine();
  state.kernelDepth++;
  try {
    return f();
  } finally {
    state.kernelDepth--;
  }
}

/** Puts one application of a primitive on the tape. */
export function record(primitive: AnyPrimitive, inputs: readonly Value[], attrs: unknown, outs: readonly TfjsTensor[], several: boolean): void {
  const watched = inputs.flatMap((x, i) => (x instanceof TfjsTensor && isFloat(x.dtype) ? [[String(i), x.handle] as const] : []));
  if (watched.length === 0) return;
  const saved: tf.Tensor[] = [];
  const stays = engine().state.gradientDepth === ours && inOwnScope();
  const lasting = stays ? (x: TfjsTensor) => x : (x: TfjsTensor) => alike(x, keptCopy(x.handle, saved));
  const operands = inputs.map((x) => (x instanceof TfjsTensor ? lasting(x) : x));
  push({
    kernelName: primitive.name,
    inputs: Object.fromEntries(watched),
    outputs: outs.map((y) => y.handle),
    saved,
    gradient: (dys) => {
      const maps = primitive.vjp!(out, operands, attrs);
      const cts = outs.map((y, k) => (dys[k] as tf.Tensor | null | undefined) && new TfjsTensor(y.device, dys[k]!, y.dtype, y.weak));
      const ct = several ? cts.map((c) => c ?? undefined) : cts[0]!;
      return Object.fromEntries(
        watched.map(([i]) => [i, () => stored(applyMap(primitive, "vjp", maps, Number(i), inputs.length, ct) ?? 0, inputs[Number(i)] as TfjsTensor).handle]),
      );
    },
  });
  const results = outs.map(lasting); // after the node, or a derivative of higher order would not come through here
  const out = several ? results : results[0]!;
}

/** A copy that is freed with the tape: `tf.grad`, and a `tidy()` in f, free all else that f made before the way back. */
function keptCopy(x: tf.Tensor, saved: tf.Tensor[]): tf.Tensor {
  const y = engine().keep(copy(x));
  saved.push(y);
  return y;
}

/** Another tensor of the same data, freed apart from it, and the same to a derivative. (`clone` copies the data on wasm.) */
export function copy(x: tf.Tensor): tf.Tensor {
  const y = unrecorded(() => reshape(x, x.shape));
  if (recording()) push({ kernelName: "Identity", inputs: { x }, outputs: [y], gradient: ([dy]) => ({ x: () => dy! }) });
  return y;
}

function push(node: Omit<Node, "id">): void {
  const { state } = engine();
  state.activeTape.push({ id: state.nextTapeNodeId++, saved: [], ...node });
}

/** Frees what TensorFlow.js kept for the gradients of its own ops. */
function forget(nodes: readonly Node[]): void {
  for (const { saved } of nodes) saved?.forEach((t) => t.dispose());
}

/** How many of the derivatives that are being recorded are Polyad's; the others are `tf.grad` and its kind. */
let ours = 0;

/** y = f(x) and ct ↦ Jᵀ·ct, by a tape that starts here, or goes on where one is being recorded. */
export function pullback(f: (xs: readonly Value[]) => readonly Value[], xs: readonly TfjsTensor[]): Pullback {
  const { state } = engine();
  const outermost = state.gradientDepth === 0;
  if (outermost) state.activeTape = [];
  // Copies: an argument that is given twice is two, and a result that is an argument is another.
  const inputs = xs.map((x) => alike(x, copy(x.handle)));
  const from = state.activeTape.length;
  state.gradientDepth++;
  ours++;
  let nodes: Node[] = [];
  let ys: readonly Value[] | undefined;
  try {
    ys = withKernels(() => f(inputs));
  } finally {
    state.gradientDepth--;
    ours--;
    nodes = inOrder(state.activeTape.slice(from), inputs);
    if (outermost) {
      state.activeTape = null as never; // as TensorFlow.js leaves it
      if (ys === undefined) forget(nodes); // nobody will ask for gradients
    }
  }
  const active = reached(nodes, inputs);
  const results = ys;
  return {
    ys,
    pull: (cts) => withKernels(() => reverse(nodes, active, inputs, results, cts)),
    dispose: () => {
      if (outermost) forget(nodes);
      nodes = [];
    },
  };
}

/** y = f(x) and J·dx for each dx: ct ↦ Jᵀ·ct is linear, and its own pullback is dx ↦ J·dx. */
export function pushforward(f: (xs: readonly Value[]) => readonly Value[], xs: readonly TfjsTensor[], tangents: readonly Tangents[]): Pushforward {
  const { ys, pull, dispose } = pullback(f, xs);
  try {
    const places = ys.flatMap((y, i) => (y instanceof TfjsTensor && isFloat(y.dtype) ? [i] : []));
    const scatter = (entries: Tangents): Tangents => ys.map((_, i) => entries[places.indexOf(i)]);
    const transposed = pullback(
      (cts) => pull(scatter(cts)).map((g, j) => g ?? stored(0, xs[j]!)),
      places.map((i) => stored(0, ys[i] as TfjsTensor)),
    );
    try {
      return { ys, tangents: tangents.map((dxs) => scatter(transposed.pull(dxs))) };
    } finally {
      transposed.dispose();
    }
  } finally {
    dispose();
  }
}

/** A tensor of TensorFlow.js's as Polyad's, like another. */
function alike(x: TfjsTensor, handle: tf.Tensor): TfjsTensor {
  return new TfjsTensor(x.device, handle, x.dtype, x.weak);
}

/** What depends on the inputs, by id; integers and truth values carry no derivative. */
function reached(nodes: readonly Node[], inputs: readonly TfjsTensor[]): Set<number> {
  const active = new Set(inputs.map((x) => x.handle.id));
  for (const { inputs: from, outputs } of nodes) {
    if (!Object.values(from).some((x) => active.has(x.id))) continue;
    for (const y of outputs) if (y.dtype !== "bool" && y.dtype !== "int32") active.add(y.id);
  }
  return active;
}

/** Walks the tape backwards. */
function reverse(nodes: readonly Node[], active: ReadonlySet<number>, inputs: readonly TfjsTensor[], ys: readonly Value[], cts: Tangents): Tangents {
  const [any] = inputs;
  const { id: last } = marker();
  const gathered = new Map<number, TfjsTensor>();
  const give = (to: tf.Tensor, ct: TfjsTensor): void => {
    const seen = gathered.get(to.id);
    gathered.set(to.id, seen === undefined ? ct : (add(seen, ct) as TfjsTensor));
  };
  ys.forEach((y, i) => {
    if (cts[i] !== undefined && y instanceof TfjsTensor && active.has(y.handle.id)) give(y.handle, stored(cts[i], y));
  });
  for (let at = nodes.length - 1; at >= 0; at--) {
    const { kernelName, inputs: from, outputs, gradient } = nodes[at]!;
    const dys = outputs.map((y) => gathered.get(y.id));
    if (dys.every((dy) => dy === undefined)) continue;
    const wanted = Object.entries(from).filter(([, x]) => active.has(x.id));
    if (wanted.length === 0) continue;
    if (gradient === undefined) throw noGradient(kernelName);
    const thunks = gradient(dys.map((dy) => dy?.handle as tf.Tensor));
    for (const [name, x] of wanted) {
      const dx = thunks[name]?.() as tf.Tensor | undefined;
      if (dx !== undefined) give(x, new TfjsTensor(any!.device, dx, "float32"));
    }
  }
  return inputs.map((x) => {
    const ct = gathered.get(x.handle.id);
    if (ct === undefined) return undefined;
    // A rule may give what is kept for it, which goes when the tape does.
    return alike(x, ct.handle.id < last ? copy(ct.handle) : ct.handle);
  });
}

/** A freed tensor: those made later have larger numbers. */
function marker(): tf.Tensor {
  const x = scalar(0);
  x.dispose();
  return x;
}

/** @throws UnsupportedError for an op of TensorFlow.js's, or a gradient of one, whose kernel the device lacks. */
function withKernels<R>(run: () => R): R {
  try {
    return run();
  } catch (error) {
    const [, kernel, backend] = (error instanceof Error && !(error instanceof UnsupportedError) && /Kernel '(\w+)' not registered for backend '(\w+)'/.exec(error.message)) || [];
    if (kernel === undefined) throw error;
    throw new UnsupportedError(
      `tfjs: TensorFlow.js has no kernel ${kernel} for ${backend!}, which one of its own ops in this function, or that op's gradient, needs. ` +
        'Name another device, such as AutoTfjs({ device: "cpu" }), or write this part in Polyad\'s ops.',
      { cause: error },
    );
  }
}

function noGradient(kernelName: string): UnsupportedError {
  return new UnsupportedError(
    `tfjs: TensorFlow.js has no gradient for its op ${kernelName}. Load its gradients with \`import "@tensorflow/tfjs"\`, or, where a bundler resolves it, with ` +
      `\`import "@tensorflow/tfjs-core/dist/register_all_gradients.js"\`; where it has none there either, ${wayOut}`,
  );
}
