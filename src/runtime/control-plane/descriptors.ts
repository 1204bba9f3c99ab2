import { readFileSync } from "node:fs";
import { textForEyes } from "../../protocol/index.js";
import type { Log } from "../model/log.js";
import type { WireLimits } from "../model/proxy-messages.js";

/** What a process of ours opens beside clients' connections: plugins, files, operators. */
const reserved = 320;
/** A process that may open almost nothing serves a few all the same. */
const fewest = 16;

/**
 * The limits with no more connections than a process may have descriptors for, which is told: the system closes what
 * comes beyond without a word, and so nobody would know.
 */
export function withinDescriptors(limits: WireLimits, log: Log, most = mostDescriptors()): WireLimits {
  const connections = Math.max(fewest, most - reserved);
  if (limits.connections <= connections) return limits;
  log.warn(
    `a process may open ${most} files here, so it takes ${connections} connections and not server.limits.connections (${limits.connections}): raise ulimit -n (LimitNOFILE in systemd)`,
  );
  return { ...limits, connections };
}

/** How many files a process may have open; Infinity where the system does not tell. Node.js has raised it as far as it may. */
function mostDescriptors(): number {
  try {
    const [, soft = ""] =
      /^Max open files\s+(\d+)/m.exec(textForEyes(readFileSync("/proc/self/limits"))) ?? [];
    return soft === "" ? Infinity : Number(soft);
  } catch {
    return Infinity;
  }
}
