import { isDeepStrictEqual } from "node:util";
import type { TlsSettings } from "../../config/index.js";
import type { Log } from "../../model/log.js";
import type { TlsMaterial } from "../../model/tls-material.js";
import { foreseen } from "../common/foreseen.js";
import { readTlsFiles } from "./tls-files.js";
import type { FileWatch, FileWatcher } from "../common/watch-file.js";

/** What following the files needs. */
export interface TlsWatchNeighbours {
  /** Serves new connections with it. */
  readonly take: (material: TlsMaterial) => void;
  readonly files: Pick<FileWatcher, "follow">;
  readonly log: Log;
}

/** Follows the files of `server.tls`: good ones are served to new connections, bad ones change nothing and are told. */
export class TlsWatch {
  readonly #settings: TlsSettings;
  readonly #near: TlsWatchNeighbours;
  #served: TlsMaterial;
  #problems: readonly string[] = [];
  #watches: readonly FileWatch[] = [];
  #following: Promise<void> = Promise.resolve();

  constructor(settings: TlsSettings, served: TlsMaterial, near: TlsWatchNeighbours) {
    this.#settings = settings;
    this.#served = served;
    this.#near = near;
  }

  /** Why the files as they stand are not served, as sentences. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Follows the files from now on. */
  async start(): Promise<void> {
    const { cert, key, clientCa } = this.#settings;
    const files = [cert, key, ...(clientCa === undefined ? [] : [clientCa])];
    const onChange = (): void => {
      this.#following = this.#following.then(() => this.#follow());
    };
    this.#watches = await Promise.all(files.map((file) => this.#near.files.follow({ file, onChange })));
    // They may have changed since they were read.
    onChange();
    await this.#following;
  }

  /** Ends the watching; resolves when a change that is under way has been made. */
  async stop(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { log, take } = this.#near;
    try {
      const { material, warnings } = await readTlsFiles(this.#settings);
      this.#problems = [];
      if (isDeepStrictEqual(material, this.#served)) return;
      this.#served = material;
      take(material);
      log.info("new certificates are served from now on", { cert: this.#settings.cert });
      for (const warning of warnings) log.warn(warning);
    } catch (reason) {
      const { message } = foreseen(reason, log, "the files of server.tls");
      const problem = `the files of server.tls are not taken, the certificate that was served is served on: ${message}`;
      // The certificate and its key change one after the other: what is still the same need not be told twice.
      if (!this.#problems.includes(problem)) log.error(problem);
      this.#problems = [problem];
    }
  }
}
