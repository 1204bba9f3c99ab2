import { join } from "node:path";
import { PrismError } from "../../protocol/index.js";
import type { PluginCode } from "../model/namespace.js";
import { attach } from "./attached.js";
import type { Channel, LaunchedPlugin, LaunchRequest, ProcessGroups } from "./channel.js";
import { environmentOf } from "./environment.js";
import { readHandshake } from "./handshake.js";
import { assertOwnSocket } from "./own-socket.js";
import { pluginHost } from "./plugin-host.js";
import { PluginProcess } from "./plugin-process.js";
import { unlessAborted } from "./within.js";

/** The neighbours of the sidecar channel. */
export interface SidecarSettings {
  readonly groups: ProcessGroups;
  /** The built program that serves a JavaScript plugin; the SDK's host where it is absent. */
  readonly host?: string;
}

/** Plugins in processes of their own: started here, or attached where somebody else starts them. */
export function sidecarChannel({ groups, host = pluginHost }: SidecarSettings): Channel {
  return {
    launch: (request, signal) =>
      request.code.kind === "attached"
        ? attach(request, request.code.socket, signal)
        : launchProcess(request, commandOf(request.code, host), { groups, signal }),
  };
}

async function launchProcess(
  request: LaunchRequest,
  { command, cwd }: Command,
  { groups, signal }: { readonly groups: ProcessGroups; readonly signal: AbortSignal },
): Promise<LaunchedPlugin> {
  const { namespace, token } = request;
  const socket = join(request.socketDirectory, "sock");
  const start = { command, ...(cwd === undefined ? {} : { cwd }), env: environmentOf(request, socket) };
  const launched = await PluginProcess.start(start, request, groups);
  try {
    const line = await unlessAborted(firstOf(launched, request), signal, () =>
      noHandshake(request, socket, launched),
    );
    const own = readHandshake(line, { namespace, socket });
    await assertOwnSocket(own, { namespace, pid: launched.pid });
    return {
      socket: own,
      token,
      pid: launched.pid,
      ended: launched.ended,
      lastWords: () => launched.lastWords(),
      terminate: (graceMs) => launched.terminate(graceMs),
    };
  } catch (reason) {
    await launched.terminate(0);
    throw reason;
  }
}

interface Command {
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
}

function commandOf(code: Exclude<PluginCode, { kind: "attached" }>, host: string): Command {
  return code.kind === "command" ? code : { command: [process.execPath, host, code.file] };
}

/** The handshake line, or what kept it from coming. */
async function firstOf(launched: PluginProcess, { namespace }: LaunchRequest): Promise<string> {
  const exited = launched.ended.then((how) => {
    throw new PrismError(
      "pluginAway",
      `the plugin of namespace "${namespace}" ${how} before it shook hands${launched.lastWords()}`,
    );
  });
  return Promise.race([launched.handshake, exited]);
}

function noHandshake({ namespace }: LaunchRequest, socket: string, launched: PluginProcess): string {
  return `the plugin of namespace "${namespace}" did not shake hands in time${launched.lastWords()}: it writes one line "prism|1|unix|${socket}" on stdout once it listens; where it needs longer, raise plugin.start_timeout_ms`;
}
