import { Flags } from "@oclif/core";
import { PrismCommand } from "../cli/base-command.js";

/** `prism serve` */
export default class Serve extends PrismCommand {
  static override summary = "Serve namespaces until SIGTERM or Ctrl-C.";
  static override description =
    "Reads prism.yaml of this directory where there is one. Without it, one namespace `default` is served, on SQLite under .prism. A stop waits for calls that run, as long as server.drain_ms says; a second Ctrl-C ends it at once.";
  static override examples = ["<%= config.bin %> serve", "<%= config.bin %> serve --config /etc/prism.yaml"];
  static override flags = {
    config: Flags.string({ char: "c", description: "The configuration file.", env: "PRISM_CONFIG" }),
    listen: Flags.string({
      description: "Where clients are served: host:port, or unix:/path. May stand more than once.",
      env: "PRISM_LISTEN",
      multiple: true,
      multipleNonGreedy: true,
    }),
    admin: Flags.string({ description: "Where operators are served.", env: "PRISM_LISTEN_ADMIN" }),
    proxies: Flags.integer({
      min: 0,
      description: "How many data-plane processes; 0 runs the data plane inside the runtime's own.",
    }),
    "state-dir": Flags.string({ description: "Where sockets and data lie.", env: "PRISM_STATE_DIR" }),
  };

  async run(): Promise<void> {
    const { flags, raw } = await this.parse(Serve);
    const { serve } = await import("../cli/serve.js");
    const { loadConfig, startRuntime } = await import("../runtime/index.js");
    const { config: file, listen, admin, proxies, "state-dir": state_dir } = flags;
    const overrides = { listen, admin, proxies, state_dir };
    const isWritten = (name: string): boolean =>
      raw.some((token) => token.type === "flag" && token.flag === name);
    const variables = {
      ...(!isWritten("listen") && { listen: Serve.flags.listen.env ?? "" }),
      ...(!isWritten("admin") && { admin: Serve.flags.admin.env ?? "" }),
      ...(!isWritten("state-dir") && { state_dir: Serve.flags["state-dir"].env ?? "" }),
    };
    const origin = { overrides, variables, env: process.env, cwd: process.cwd() };
    const request = { ...(file !== undefined && { file }), ...origin };
    const load = () => loadConfig(request);

    const config = await load();
    await serve({
      start: (onProgress, signal) => startRuntime(config, { onProgress, signal, reload: load }),
      program: this.config.bin,
      announce: (running, banner) => (this.jsonEnabled() ? this.logJson(running) : this.log(banner)),
    });
    this.exit(0);
  }
}
