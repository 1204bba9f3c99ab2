import { dirname, resolve } from "node:path";
import { PrismError } from "../../protocol/index.js";

/** The version of the plugin protocol that this Prism speaks. */
export const protocolVersion = "1";

/** What a plugin's first words are held against. */
export interface ExpectedHandshake {
  /** The plugin, as its operator knows it. */
  readonly namespace: string;
  /** The socket it was told to listen on. */
  readonly socket: string;
}

/** Whether a line of output claims to be the handshake; every other line is just output. */
export function isHandshake(line: string): boolean {
  return line.startsWith("prism|");
}

/** Reads `prism|<protocol version>|unix|<path>` and gives the path of the socket that the plugin listens on. */
export function readHandshake(line: string, { namespace, socket }: ExpectedHandshake): string {
  const [, version = "", network = "", ...rest] = line.trim().split("|");
  const path = rest.join("|");
  const plugin = `the plugin of namespace "${namespace}"`;
  if (version !== protocolVersion) {
    throw new PrismError(
      "pluginFault",
      `${plugin} speaks version ${quote(version)} of the plugin protocol, this Prism speaks version "${protocolVersion}": use a release of the plugin that speaks version "${protocolVersion}", or a Prism that speaks ${quote(version)}`,
    );
  }
  if (network !== "unix" || path === "") {
    throw new PrismError(
      "pluginFault",
      `${plugin} shook hands with ${quote(line.trim())}: write one line ${quote(`prism|${protocolVersion}|unix|${socket}`)} on stdout once it listens there`,
    );
  }
  if (resolve(path) !== resolve(socket) && dirname(resolve(path)) !== dirname(resolve(socket))) {
    throw new PrismError(
      "pluginFault",
      `${plugin} says in its handshake that it listens on ${quote(path)}, outside of its private directory: listen on the path in PLUGIN_SOCKET`,
    );
  }
  return resolve(path);
}

/** What a plugin wrote, short enough for a sentence and without control characters. */
function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
