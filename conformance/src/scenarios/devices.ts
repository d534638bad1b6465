import {
  gradient, hessian, HostTensor, hvp, jacobian, leaves, mul, prepareGradient, pullback, pushforward, square, sum, Tensor, tensor, type Device, type Value,
} from "@polyad/core/extend";
import type { Check } from "../check.js";
import { ensure, expectNumbers, read } from "../compare.js";
import type { Engine } from "../engine.js";

/** A tensor that is somewhere else. */
class Shelved extends Tensor {
  readonly trace = null;
  readonly device = shelf;

  constructor(readonly host: HostTensor) {
    super();
  }

  get shape(): HostTensor["shape"] {
    return this.host.shape;
  }

  get dtype(): HostTensor["dtype"] {
    return this.host.dtype;
  }

  dataSync(): ReturnType<HostTensor["dataSync"]> {
    return this.host.dataSync();
  }
}

/** A device of the suite's own, which computes as the host does: for engines that work wherever their arguments are. */
const shelf: Device = {
  name: "the suite's shelf",
  reads: "sync",
  put: (x) => new Shelved(x),
  evaluate(primitive, inputs, attrs) {
    const y = primitive.evaluate(inputs.map((x) => (x instanceof Shelved ? x.host : x)), attrs);
    const put = (part: Value): Value => (part instanceof HostTensor ? new Shelved(part) : part);
    return typeof y === "number" || y instanceof Tensor ? put(y) : y.map(put);
  },
};

const onHost = (...xs: number[]): HostTensor => tensor(xs) as HostTensor;
const host = onHost().device;

/** Where an engine computes; the shelf if that is the host. */
async function deviceOf({ ad }: Engine): Promise<Device> {
  let device = host;
  const f = (x: Tensor): Value => {
    device = x.device;
    return sum(square(x));
  };
  await (ad.adtype === "second-order" ? hvp(f, ad, onHost(1), onHost(1)) : gradient(f, ad, onHost(1)));
  return device === host ? shelf : device;
}

/** A derivative: where it must live, and its elements. */
type Placed = readonly [device: Device, elements: readonly number[]];

/** What gives derivatives of tensors on a device, and what they must be, leaf by leaf. */
type Trial = (engine: Engine, put: (...xs: number[]) => Tensor, there: Device) => readonly [derivatives: unknown, expected: readonly Placed[]];

interface Mixed {
  readonly here: Tensor;
  readonly there: Tensor;
  readonly unused: Tensor;
}

const mixed = (put: (...xs: number[]) => Tensor): Mixed => ({ here: onHost(1, -2), there: put(0.5, 4), unused: put(3) });
const product = ({ here, there }: Mixed): Value => sum(mul(square(here), there));

const trials: Readonly<Record<string, readonly [order: 1 | 2, trial: Trial]>> = {
  "gradient": [1, ({ ad }, put, there) => [gradient(product, ad, mixed(put)), [[host, [1, -16]], [there, [1, 4]], [there, [0]]]]],
  "prepared gradient": [1, ({ ad }, put, there) => [prepareGradient(product, ad, mixed(put))(mixed(put)), [[host, [1, -16]], [there, [1, 4]], [there, [0]]]]],
  "gradient of a sum, which is constant": [1, ({ ad }, put, there) => [gradient((x: Tensor) => sum(x), ad, put(1, 2)), [[there, [1, 1]]]]],
  "gradient of a constant": [1, ({ ad }, put, there) => [gradient((_x: Tensor) => 3, ad, put(1, 2)), [[there, [0, 0]]]]],
  "pullback of a seed from the host": [1, ({ ad }, put, there) => [pullback((x: Tensor) => mul(2, x), ad, put(1, 2), onHost(3, 4)), [[there, [6, 8]]]]],
  "pushforward of a seed from the host": [1, ({ ad }, put, there) => [pushforward((x: Tensor) => mul(2, x), ad, put(1, 2), onHost(3, 4)), [[there, [6, 8]]]]],
  "Jacobian, which is constant": [1, ({ ad }, put, there) => [jacobian((x: Tensor) => mul(2, x), ad, put(1, 2)), [[there, [2, 0, 0, 2]]]]],
  "hvp along a seed from the host": [2, ({ ad }, put, there) => [hvp((x: Tensor) => sum(mul(x, square(x))), ad, put(1, 2), onHost(1, -1)), [[there, [6, -12]]]]],
  "Hessian, which is constant": [2, ({ ad }, put, there) => [hessian((x: Tensor) => sum(square(x)), ad, put(1, 2)), [[there, [2, 0, 0, 2]]]]],
};

/** The derivative of a tensor lives where the tensor lives. */
export const devices: readonly Check[] = Object.entries(trials).map(([name, [order, trial]]) => ({
  group: "scenarios",
  subject: "devices: derivatives live where their tensors do",
  name: `devices: ${name}`,
  ops: [],
  needs: { order, single: order === 1, dtypes: ["float64"] },
  run: async (engine) => {
    const device = await deviceOf(engine);
    const made: Tensor[] = [];
    const put = (...xs: number[]): Tensor => {
      const x = device.put(onHost(...xs));
      made.push(x);
      return x;
    };
    try {
      const [derivatives, expected] = trial(engine, put, device);
      const found = leaves(await derivatives) as Tensor[];
      made.push(...found);
      ensure(found.length === expected.length, () => `expected ${expected.length} derivatives, got ${found.length}`);
      for (const [i, [where, elements]] of expected.entries()) {
        ensure(found[i]!.device === where, () => `derivative ${i}: expected on ${where.name}, got on ${found[i]!.device.name}`);
        expectNumbers(await read(found[i]), elements, engine.tolerance("float64", order), `derivative ${i}`);
      }
    } finally {
      made.forEach((x) => x.dispose());
    }
  },
}));
