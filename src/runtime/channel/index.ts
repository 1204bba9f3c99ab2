export { BoundedLines } from "./bounded-lines.js";
export type { Channel, LaunchedPlugin, LaunchRequest, ProcessGroups } from "./channel.js";
export { inProcessChannel } from "./in-process.js";
export type { HealthReport, Opened } from "./life-cycle.js";
export { PluginClient } from "./plugin-client.js";
export { pluginHost } from "./plugin-host.js";
export { sidecarChannel } from "./sidecar.js";
export { unlessAborted, withinMs } from "./within.js";
