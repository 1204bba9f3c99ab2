import { fork, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { FromProxy } from "../model/proxy-messages.js";
import type { LaunchProxy } from "./proxy.js";

/** Launches proxies as processes that run `entry`, a module of the data plane, built or in its source. */
export function forkedProxy(entry: string): LaunchProxy {
  return ({ onMessage, onEnd }) => {
    // Detached: a Ctrl-C in the terminal is for the runtime, which then lets its proxies finish their calls.
    // What a proxy writes goes to stderr, as stdout is the runtime's to speak on.
    const child = fork(entry, [], {
      detached: true,
      stdio: ["ignore", 2, 2, "ipc"],
      execArgv: execArgvFor(entry),
    });
    child.on("message", (message) => onMessage(message as FromProxy));
    onceGone(child, onEnd);
    return {
      pid: child.pid ?? 0,
      send: (message, handle, onSent) => {
        child.send(message, handle, {}, (failure) => onSent?.(failure));
      },
      kill: () => void child.kill("SIGKILL"),
    };
  };
}

function onceGone(child: ChildProcess, onEnd: (how: string) => void): void {
  let isTold = false;
  const tell = (how: string): void => {
    if (isTold) return;
    isTold = true;
    onEnd(how);
  };
  child.on("exit", (code, signal) =>
    tell(signal === null ? `exited with code ${code ?? 0}` : `was killed by ${signal}`),
  );
  // Without a process there is no exit; a failed kill or send is followed by one.
  child.on("error", (reason) => {
    if (child.pid === undefined) tell(`could not be launched: ${reason.message}`);
  });
}

/** A proxy runs under the flags that this process runs under; TypeScript needs its loader wherever this one came from. */
function execArgvFor(entry: string): string[] {
  if (!entry.endsWith(".ts")) return process.execArgv;
  return ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href];
}
