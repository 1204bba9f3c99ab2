import { isDeepStrictEqual } from "node:util";
import { PrismError } from "../../../protocol/index.js";
import type { Config } from "../../config/index.js";
import type { Log } from "../../model/log.js";
import { foreseen } from "../common/foreseen.js";
import type { FileWatch, FileWatcher } from "../common/watch-file.js";

/** What following a file needs. */
export interface ConfigWatchNeighbours {
  /** Reads the file anew; rejects with every problem. */
  readonly load: () => Promise<Config>;
  /** Takes a configuration that has no problems; tells which of its namespaces are not served by it, as sentences. */
  readonly take: (config: Config) => Promise<readonly string[]>;
  readonly files: Pick<FileWatcher, "follow">;
  readonly log: Log;
}

/** Follows the served file: a good edit is taken, a bad one changes nothing and is told. */
export class ConfigWatch {
  readonly #near: ConfigWatchNeighbours;
  /** What the runtime was started with: of some keys that is what counts. */
  readonly #started: Config;
  /** What was taken last. */
  #taken: Config;
  #problems: readonly string[] = [];
  #watch: FileWatch | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(started: Config, near: ConfigWatchNeighbours) {
    this.#started = started;
    this.#taken = started;
    this.#near = near;
  }

  /** What of the file as it stands is not served, as sentences. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Follows the file from now on, edits since it was read included, if there is one that can be read again. */
  async start(): Promise<void> {
    const { file, digest: known } = this.#started;
    if (file === undefined) return;
    const { files, log } = this.#near;
    if (known === undefined) {
      log.info("the configuration was read once and is not followed: it is no regular file", { file });
      return;
    }
    const onChange = (): void => {
      this.#following = this.#following.then(() => this.#follow(file));
    };
    const onAway = (): void => {
      this.#following = this.#following.then(() => this.#tellAway(file));
    };
    this.#watch = await files.follow({ file, known, onChange, onAway });
  }

  /** Ends the watching; resolves when a change that is under way has been made. */
  async stop(): Promise<void> {
    this.#watch?.close();
    await this.#following;
  }

  async #follow(file: string): Promise<void> {
    const { log } = this.#near;
    try {
      const config = await this.#near.load();
      assertDeclares(this.#taken, config);
      const problems = needsRestart(this.#started, config);
      for (const problem of problems) log.warn(problem, { file });
      const unserved = await this.#near.take(config);
      this.#taken = config;
      this.#problems = problems;
      if (unserved.length === 0) log.info("the edited file is taken", { file });
      else
        log.warn("the edited file is taken, but not all of it is served", {
          file,
          problems: unserved.join("; "),
        });
    } catch (reason) {
      const { message } = foreseen(reason, log, "the edit of the served file");
      this.#problems = [`the edit of ${file} is not taken, what was served is served on: ${message}`];
      log.error("the edited file is not taken", { file, problems: message });
    }
  }

  /** Whoever removes the file may not know that it is served: ending every namespace is written in it. */
  #tellAway(file: string): void {
    const problem = `${file} is gone or cannot be read, what was served is served on: put it back, as a start needs it; \`namespaces: []\` in it ends all of them`;
    this.#problems = [problem];
    this.#near.log.warn(problem, { file });
  }
}

/** An edit that ends every namespace says so: whoever writes the file may have been killed half-way. */
function assertDeclares(before: Config, edited: Config): void {
  if (isByDefault(before) || !isByDefault(edited)) return;
  throw new PrismError(
    "invalidConfig",
    "it declares no namespaces any more, which would end all of them; write `namespaces: []` where that is meant",
  );
}

/** Whether nothing is declared, so that the usual namespace is served. */
function isByDefault({ namespaces }: Config): boolean {
  return namespaces.some(({ owner }) => owner.kind === "default");
}

/** Keys that are read at start only. */
function needsRestart(started: Config, edited: Config): string[] {
  const sections: readonly [string, (config: Config) => object][] = [
    ["server", ({ server }) => server],
    ["telemetry.log", ({ log }) => log],
  ];
  return sections.flatMap(([section, of]) =>
    differing(of(started), of(edited)).map(
      (key) => `${section}.${key} is edited: it needs a restart, until then the old value stands`,
    ),
  );
}

function differing(before: object, after: object): string[] {
  const then = new Map<string, unknown>(Object.entries(before));
  const now = new Map<string, unknown>(Object.entries(after));
  return [...new Map([...then, ...now]).keys()]
    .filter((key) => !isDeepStrictEqual(then.get(key), now.get(key)))
    .map((key) => keyNames[key] ?? key);
}

/** Where the model's name is not the file's. */
const keyNames: Readonly<Record<string, string>> = {
  defaultNamespace: "default_namespace",
  stateDirectory: "state_dir",
  drainMs: "drain_ms",
  proxyProtocol: "proxy_protocol",
  unixSocket: "unix_mode and server.unix_group",
};
