export type FastMap = "exp" | "log" | "sin" | "cos" | "tanh" | "sigmoid" | "sqrt" | "log1p" | "expm1";
export function mapFloat32(_name: FastMap, _x: Float32Array, _out: Float32Array): boolean { return false; }
