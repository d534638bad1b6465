export { glorotUniform } from "./init.js";
export { showActivation } from "./show.js";
export { identity } from "./identity.js";
