export { type Cell, type CellFields, type CellOptions } from "./cell.js";
export * from "./gruCell.js";
export * from "./lstmCell.js";
export * from "./recurrence.js";
export { RNNCell, type RNNCellConstructor, type RNNCellFields } from "./rnnCell.js";
export * from "./scan.js";
