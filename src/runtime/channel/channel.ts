import type { PluginCode } from "../model/namespace.js";

/**
 * How Prism gets hold of a plugin instance. Three homes, one outcome: something listens on a Unix socket and speaks the
 * plugin protocol. An in-process plugin is a worker thread behind a socket, so every proxy reaches the same instance.
 */
export interface Channel {
  /**
   * Launches one instance and resolves once it has shaken hands. Rejects with a PrismError that says what went wrong
   * and what to do, with nothing left running, when it exits, shakes wrongly, or `signal` aborts first.
   */
  launch(request: LaunchRequest, signal: AbortSignal): Promise<LaunchedPlugin>;
}

/** What to launch. */
export interface LaunchRequest {
  /** Unique within the runtime: "orders-3". */
  readonly id: string;
  readonly namespace: string;
  readonly code: PluginCode;
  readonly env: Readonly<Record<string, string>>;
  /** Private directory (0700) in which the instance's socket lies; its path is short enough for a socket. */
  readonly socketDirectory: string;
  /** Where a plugin may keep files of this namespace; told as PRISM_PLUGIN_DATA. */
  readonly dataDirectory: string;
  /** Shared secret, told as PRISM_PLUGIN_TOKEN. */
  readonly token: string;
  /** One line that the instance wrote. Bounded in length and rate; a line about what was dropped stands for the rest. */
  onOutput(stream: "stdout" | "stderr", line: string): void;
}

/** An instance that has shaken hands and listens. */
export interface LaunchedPlugin {
  readonly socket: string;
  readonly token: string;
  /** 0 where it has no process of its own. */
  readonly pid: number;
  /** Resolves when it has ended, with a sentence of how: "exited with code 1", "was killed by SIGKILL". */
  readonly ended: Promise<string>;
  /** What it wrote last on stderr, as the end of a sentence; empty where that is nothing. For operators only. */
  lastWords(): string;
  /** SIGTERM, then SIGKILL to its whole process group after the grace period. Safe to call twice. */
  terminate(graceMs: number): Promise<void>;
}

/** Knows the process groups that must not outlive the runtime, whatever ends it. */
export interface ProcessGroups {
  add(group: number): void;
  remove(group: number): void;
}
