/** Anything that Polyad refuses: the message says who, what was expected, what came, and what to do. */
export class AutodiffError extends Error {
  override readonly name: string = "AutodiffError";
}

/** Shapes, axes or sizes that do not fit together. */
export class ShapeError extends AutodiffError {
  override readonly name = "ShapeError";
}

/** A tree that cannot be walked, or two trees whose structures differ. */
export class TreeError extends AutodiffError {
  override readonly name = "TreeError";
}

/** Something that this engine, device or dtype cannot do, with the way out. */
export class UnsupportedError extends AutodiffError {
  override readonly name = "UnsupportedError";
}

/** The token names an engine whose package was never imported. */
export class BackendNotLoadedError extends AutodiffError {
  override readonly name = "BackendNotLoadedError";
}

/** A prepared operator was called with arguments unlike those it was prepared for. */
export class PreparationMismatchError extends AutodiffError {
  override readonly name = "PreparationMismatchError";
}
