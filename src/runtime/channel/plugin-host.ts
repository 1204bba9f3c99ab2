import { installed } from "../model/installed.js";

/** The built program that serves a JavaScript plugin, as a process or as a worker thread. The same from source and from dist. */
export const pluginHost = installed("dist/sdk/host.js");
