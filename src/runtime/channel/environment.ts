import type { LaunchRequest } from "./channel.js";
import { protocolVersion } from "./handshake.js";

/** All that an instance inherits of Prism's own environment. */
const inherited = ["PATH", "HOME", "LANG", "TZ"];

/** The environment of an instance: the little it inherits, what its namespace configures, and what Prism tells it. */
export function environmentOf(
  { env, dataDirectory, token }: LaunchRequest,
  socket: string,
  own: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const few = inherited.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]] as const]));
  return {
    ...Object.fromEntries(few),
    ...env,
    PLUGIN_SOCKET: socket,
    PRISM_PLUGIN_TOKEN: token,
    PRISM_PLUGIN_PROTOCOL: protocolVersion,
    PRISM_PLUGIN_DATA: dataDirectory,
  };
}
