import { fileURLToPath } from "node:url";

/** The built program that serves a JavaScript plugin, as a process or as a worker thread. The same from source and from dist. */
export const pluginHost = fileURLToPath(new URL("../../../dist/sdk/host.js", import.meta.url));
