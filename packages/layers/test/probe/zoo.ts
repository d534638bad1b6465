import * as P from "polyad";
const { randn, generator, functor, Tensor, add, square } = P;
export function wide(tree: any): any {
  const rng = generator(5);
  return P.fmapWithPath((path: readonly unknown[], x: any) => {
    if (!(x instanceof Tensor)) return x;
    if (x.dtype === "int32") return x;
    return path.at(-1) === "variance" ? add(square(randn(rng, x.shape)), 0.5) : randn(rng, x.shape);
  }, tree) as any;
}
const r = (shape: number[], seed = 3) => randn(generator(seed), shape);
export const zoo: Record<string, [() => any, () => any[]]> = {
  dense: [() => P.Dense(3, 2, P.tanh), () => [r([4, 3])]],
  denseNoBias: [() => P.Dense(3, 2, P.tanh, { bias: false }), () => [r([4, 3])]],
  scale: [() => P.Scale(3, P.tanh), () => [r([4, 3])]],
  scale2NoBias: [() => P.Scale([2, 3], P.tanh, { bias: false }), () => [r([4, 2, 3])]],
  bilinear: [() => P.Bilinear([3, 2], 2, P.tanh), () => [r([4, 3]), r([4, 2], 9)]],
  bilinear1: [() => P.Bilinear(3, 2, P.tanh, { bias: false }), () => [r([4, 3])]],
  embedding: [() => P.Embedding(5, 3), () => [P.tensor([[0, 1], [4, 4]], null, "int32")]],
  chain: [() => P.Chain(P.Dense(3, 4, P.tanh), P.LayerNorm(4), P.Dense(4, 2)), () => [r([4, 3])]],
  named: [() => P.Chain({ a: P.Dense(3, 4, P.tanh), b: P.Dense(4, 2) }), () => [r([4, 3])]],
  skip: [() => P.SkipConnection(P.Dense(3, 3, P.tanh), P.add), () => [r([4, 3])]],
  parallel: [() => P.Parallel(P.mul, P.Dense(3, 3, P.tanh), P.Dense(3, 3)), () => [r([4, 3])]],
  fusion: [() => P.Chain(P.PairwiseFusion(P.add, P.Dense(3, 3, P.tanh), P.Dense(3, 2)), (ys: any) => P.sum(ys[1])), () => [r([4, 3])]],
  maxout: [() => P.Maxout(P.Dense(3, 2), P.Dense(3, 2)), () => [r([4, 3])]],
  dropout: [() => P.Dropout(0.4, generator(3)), () => [r([4, 3])]],
  dropoutAxis: [() => P.Dropout(0.4, generator(3), { axis: [0, 1] }), () => [r([4, 3, 2])]],
  alphaDropout: [() => P.AlphaDropout(0.4, generator(3)), () => [r([4, 3])]],
  layerNorm: [() => P.LayerNorm([3, 2], P.tanh), () => [r([4, 3, 2])]],
  layerNormNo: [() => P.LayerNorm(3, P.tanh, { affine: false }), () => [r([4, 3])]],
  batchNorm: [() => P.BatchNorm(3, P.tanh), () => [r([4, 3])]],
  batchNormImg: [() => P.BatchNorm(3, P.tanh), () => [r([4, 3, 2, 2])]],
  batchNormNo: [() => P.BatchNorm(3, P.tanh, { affine: false, trackStats: false }), () => [r([4, 3])]],
  batchNormNoAff: [() => P.BatchNorm(3, P.tanh, { affine: false }), () => [r([4, 3])]],
  groupNorm: [() => P.GroupNorm(4, 2, P.tanh), () => [r([2, 4, 3])]],
  instanceNorm: [() => P.InstanceNorm(2, P.tanh, { affine: true }), () => [r([2, 2, 3])]],
  instanceNormNo: [() => P.InstanceNorm(2, P.tanh), () => [r([2, 2, 3])]],
  conv1: [() => P.Conv(3, [2, 4], P.tanh, { strides: 2, padding: [[1, 2]], groups: 2 }), () => [r([2, 2, 6])]],
  conv2: [() => P.Conv([2, 3], [2, 3], P.tanh, { padding: P.SamePad(), dilation: [1, 2] }), () => [r([2, 2, 4, 5])]],
  conv2flip: [() => P.Conv([2, 3], [2, 3], P.tanh, { flip: true, bias: false }), () => [r([2, 2, 4, 5])]],
  depthwise: [() => P.DepthwiseConv([2, 2], [2, 4], P.tanh), () => [r([2, 2, 4, 3])]],
  convT1: [() => P.ConvTranspose(3, [2, 4], P.tanh, { strides: 2, groups: 2, padding: 1, outputPadding: 1 }), () => [r([2, 2, 4])]],
  convT2: [() => P.ConvTranspose([2, 3], [2, 3], P.tanh, { strides: 2, padding: P.SamePad() }), () => [r([2, 2, 2, 3])]],
  maxPool: [() => P.MaxPool([2, 2]), () => [r([2, 2, 4, 5])]],
  maxPoolPad: [() => P.MaxPool([3, 3], { strides: 2, padding: 1 }), () => [P.add(r([2, 2, 4, 5]), -5)]],
  meanPool: [() => P.MeanPool(2, { padding: "same" }), () => [r([2, 2, 5])]],
  gmax: [() => P.GlobalMaxPool(), () => [r([2, 2, 5])]],
  gmean: [() => P.GlobalMeanPool(), () => [r([2, 2, 5, 2])]],
  amax: [() => P.AdaptiveMaxPool([2, 3]), () => [r([2, 2, 5, 7])]],
  amean: [() => P.AdaptiveMeanPool(2), () => [r([2, 2, 5])]],
  flatten: [() => P.Flatten(), () => [r([2, 2, 5])]],
  rnnCell: [() => P.Chain(P.RNNCell(3, 2), (o: any) => o[0]), () => [r([4, 3])]],
  rnn: [() => P.RNN(3, 2), () => [r([4, 5, 3])]],
  rnnNo: [() => P.RNN(3, 2, P.relu, { bias: false }), () => [r([5, 3])]],
  lstm: [() => P.LSTM(3, 2), () => [r([4, 5, 3])]],
  lstmNo: [() => P.LSTM(3, 2, { bias: false }), () => [r([4, 5, 3])]],
  gru: [() => P.GRU(3, 2), () => [r([4, 5, 3])]],
  recurrence: [() => P.Recurrence(P.LSTMCell(3, 2)), () => [r([2, 3, 5, 3])]],
  mha: [() => P.Chain(P.MultiHeadAttention(4, { heads: 2 }), (o: any) => o[0]), () => [r([2, 3, 4])]],
  mhaDrop: [() => P.Chain(P.MultiHeadAttention(4, { heads: 2, dropout: 0.3, bias: true, rng: generator(8) }), (o: any) => o[0]), () => [r([2, 3, 4])]],
  callable: [() => P.callable({ W: P.ones([2, 3]), d: P.Dropout(0.5, generator(2)) }, (self: any, x: any) => P.matmul(self.d(x), P.transpose(self.W))), () => [r([4, 3])]],
  compose: [() => P.compose(P.Dense(2, 2), P.Dense(3, 2, P.tanh)), () => [r([4, 3])]],
};
