import type { Config } from "./config/index.js";

/** How to start. */
export interface StartOptions {
  /** Hears how the start goes on. */
  readonly onProgress?: (progress: StartProgress) => void;
  /** Interrupts the start, which then undoes what it has done and rejects. */
  readonly signal?: AbortSignal;
  /** Reads the configuration anew after an edit of its file, with what the command line overrides. By default the file alone counts. */
  readonly reload?: () => Promise<Config>;
  /** Where secrets are looked up and programs found; this process's by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where relative paths of applied namespaces begin; by default where those of the file do, else this process's directory. */
  readonly cwd?: string;
}

/** A step of the start. Each namespace is told when its start begins, and when the first attempt has ended. */
export type StartProgress =
  | { readonly step: "listening"; readonly listen: readonly string[]; readonly admin: string }
  | { readonly step: "proxies"; readonly count: number }
  | {
      readonly step: "namespace";
      readonly name: string;
      readonly state: "starting" | "ready" | "failed";
      /** Why it failed, else empty. */
      readonly reason: string;
    };
