import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { TimeLimit } from "../../src/protocol/index.js";
import { onOneCore, pin, type Role } from "../subjects/cores.js";
import type { Job, JobResult } from "./jobs.js";

const startMs = 20_000;
const graceMs = 20_000;

/** The process that makes the load. It lives as long as the bench, so that its code is warm. */
export class Loader {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts it on the cores of a role. */
  static async start(role: Role): Promise<Loader> {
    const file = new URL("main.ts", import.meta.url).pathname;
    const child = fork(file, [], { execArgv: [...onOneCore, "--import", "tsx"] });
    await once(child, "message", { signal: new TimeLimit(startMs).signal });
    pin(child.pid ?? 0, role);
    return new Loader(child);
  }

  /** Runs one job. Rejects where it ends the process, or does not end. */
  async run(job: Job): Promise<JobResult> {
    const limit = new TimeLimit(job.seconds * 1000 + graceMs);
    const { signal } = limit;
    const died = once(this.#child, "exit", { signal }).then(([code]): never => {
      throw new Error(`the load ended with code ${String(code)}`);
    });
    this.#child.send(job);
    try {
      const [result] = (await Promise.race([once(this.#child, "message", { signal }), died])) as [JobResult];
      return result;
    } finally {
      died.catch(() => undefined);
      limit.abort(new Error("the job is over"));
    }
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
