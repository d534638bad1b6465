/** Models: layers are functions with fields; optimisers, training and files work on any tree of parameters. */
export * from "./init.js";
export * from "./random.js";
