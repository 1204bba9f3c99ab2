import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LaunchRequest, ProcessGroups } from "../../../src/runtime/channel/index.js";
import type { PluginCode } from "../../../src/runtime/model/namespace.js";

/** The command that runs a plugin in test/fixtures/plugins. */
export function fixtureCode(name: string): PluginCode {
  const file = fileURLToPath(new URL(`../../fixtures/plugins/${name}`, import.meta.url));
  return { kind: "command", command: [process.execPath, file], cwd: tmpdir() };
}

/** Process groups that a channel has told of. */
export class RecordingGroups implements ProcessGroups {
  readonly known = new Set<number>();
  add(group: number): void {
    this.known.add(group);
  }
  remove(group: number): void {
    this.known.delete(group);
  }
}

/** A private directory, and launch requests in it. */
export class LaunchSite implements AsyncDisposable {
  readonly output: string[] = [];
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(): Promise<LaunchSite> {
    return new LaunchSite(await mkdtemp(join(tmpdir(), "prism-ch-")));
  }

  request(code: PluginCode, env: Record<string, string> = {}): LaunchRequest {
    return {
      id: "orders-1",
      namespace: "orders",
      code,
      env,
      socketDirectory: this.directory,
      dataDirectory: join(this.directory, "data"),
      token: "a-token",
      onOutput: (stream, line) => this.output.push(`${stream}: ${line}`),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
