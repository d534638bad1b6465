import { backend, engine, reshape } from "@tensorflow/tfjs-core";
import type * as tf from "@tensorflow/tfjs-core";
import type { WebGPUBackend, WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import { wgsl, type ShaderFunction } from "./wgsl.js";

/**
 * y = f(x) elementwise on webgpu, by a shader of our own. Those of TensorFlow.js are right for most numbers only: expm1 is
 * exp(x) − 1, which is 0 for small x, the sigmoid of NaN is 0, and WGSL lets sin and cos err by 2⁻¹¹ and atan by 4096 units
 * in the last place.
 */
export function byShader(f: ShaderFunction, ...xs: readonly tf.Tensor[]): tf.Tensor {
  const { size, shape } = xs[0]!;
  const names = ["A", "B"].slice(0, xs.length);
  const program: WebGPUProgram = {
    outputShape: [size],
    variableNames: names,
    workgroupSize: [64, 1, 1],
    dispatchLayout: { x: [0] },
    dispatch: [Math.ceil(size / 64), 1, 1],
    size: true,
    shaderKey: `polyad_${f}`,
    getUserCode: () => `
      ${wgsl}
      fn main(index : i32) {
        if (index < uniforms.size) {
          setOutputAtIndex(index, ${f}_(${names.map((name) => `f32(${name}[index])`).join(", ")}));
        }
      }`,
  };
  const out = (backend() as WebGPUBackend).runWebGPUProgram(program, xs.map((x) => reshape(x, [size])), "float32");
  return reshape(engine().makeTensorFromTensorInfo(out), shape);
}
