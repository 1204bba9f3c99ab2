import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Code,
  definePlugin,
  listenWith,
  type Log,
  type OpenNamespace,
  type Operation,
  PluginError,
  type ServedPlugin,
  type ServeOptions,
  z,
} from "../../src/sdk/index.js";
import { PluginClient } from "../contract/support/plugin-client.js";

/** A plugin served inside the test's process, with one namespace `ns` open. */
export interface Served extends AsyncDisposable {
  readonly client: PluginClient;
  readonly plugin: ServedPlugin;
  /** What it logged, one line each. */
  readonly lines: string[];
}

/** Serves operations on a socket of their own. */
export async function serveOperations(
  operations: Readonly<Record<string, Operation>>,
  {
    namespace = {},
    secrets = [],
    secretConfig = [],
    ...options
  }: Partial<ServeOptions> & {
    readonly namespace?: Partial<OpenNamespace>;
    readonly secrets?: string[];
    readonly secretConfig?: string[];
  } = {},
): Promise<Served> {
  const directory = await mkdtemp(join(tmpdir(), "sdk-"));
  const lines: string[] = [];
  const definition = definePlugin({
    name: "test",
    version: "1.0.0",
    config: z.strictObject({ refuse: z.string().optional() }),
    secretConfig,
    open: ({ config: { refuse } }) => {
      if (refuse !== undefined) throw new PluginError(Code.UNAVAILABLE, refuse);
      return { operations, ...namespace };
    },
  });
  const socket = join(directory, "plugin.sock");
  const plugin = await listenWith(definition, { socket, log: linesLog(lines), graceMs: 5000, ...options });
  const client = new PluginClient(socket, options.token ?? "");
  const initialized = await client.initialize("ns", {}, { secrets });
  if (!initialized.success) throw new Error(initialized.error);
  return {
    client,
    plugin,
    lines,
    [Symbol.asyncDispose]: async () => {
      client[Symbol.dispose]();
      await plugin.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A log that is kept. */
function linesLog(lines: string[]): Log {
  const keep =
    (level: string): Log["info"] =>
    (message, fields = {}) =>
      void lines.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  return { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
}

/** A promise and what settles it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
