import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { loadPlugin } from "../../../src/sdk/load-plugin.js";
import { type Plugin, unary } from "../../../src/sdk/index.js";

/**
 * The plugin named by TEST_PLUGIN with a clock that the test moves: its operation `advance_clock` takes milliseconds as
 * decimal text. So a time to live is tested in a real process, and nobody sleeps.
 */
function withMovableClock(plugin: Plugin): Plugin {
  return {
    ...plugin,
    open: async (context) => {
      let aheadMs = 0;
      const opened = await plugin.open({ ...context, now: () => context.now() + aheadMs });
      const advance = unary({
        request: "bytes",
        response: "bytes",
        run: (ms) => {
          aheadMs += Number(Buffer.from(ms).toString());
          return new Uint8Array();
        },
      });
      return { ...opened, operations: { ...opened.operations, advance_clock: advance } };
    },
  };
}

export default withMovableClock(await loadPlugin(pathToFileURL(resolve(process.env["TEST_PLUGIN"] ?? ""))));
