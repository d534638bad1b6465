// The parent's end of child.mjs.
import { fork } from "node:child_process";
import { join } from "node:path";

/** Starts a child; `ask` sends a request and waits for its answer, `stop` ends the process. */
export function worker(execArgv = []) {
  const child = fork(join(import.meta.dirname, "child.mjs"), { execArgv: [...process.execArgv, ...execArgv] });
  const ask = (request, args = {}) =>
    new Promise((resolve, reject) => {
      const done = (settle, value) => {
        child.off("message", onMessage);
        child.off("exit", onExit);
        settle(value);
      };
      const onMessage = (answer) => (answer.error === undefined ? done(resolve, answer) : done(reject, new Error(answer.error)));
      const onExit = (code, signal) => done(reject, new Error(`the process ended with ${signal ?? code}`));
      child.on("message", onMessage);
      child.on("exit", onExit);
      child.send({ request, ...args });
    });
  const stop = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once("exit", resolve);
      child.disconnect(); // with nothing else to wait for it ends by itself, and writes its profile if it keeps one
      setTimeout(() => child.kill(), 2000).unref();
    });
  return { ask, stop };
}
