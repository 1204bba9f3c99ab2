import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Writable } from "node:stream";
import type { ProcessGroups } from "../../channel/index.js";
import type { Log } from "../../model/log.js";

/**
 * Remembers groups ("+4711", "-4711") until its stdin ends, which it does however the runtime dies; then asks them to
 * end, and a second later ends them. It ignores the signals that a terminal sends to everyone.
 */
const script = `
trap '' INT TERM HUP QUIT USR1 USR2
groups=' '
while read -r line; do
  group="\${line#?}"
  case "$line" in
    +*) groups="$groups$group " ;;
    -*) case "$groups" in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
[ "$groups" = ' ' ] && exit 0
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
sleep 1
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
exit 0
`;

/** How often a reaper that was killed is replaced, at most once in so many milliseconds. */
const replaceAfterMs = 1000;

/** A small process beside the runtime that leaves no orphan behind, even where the runtime is killed with SIGKILL. */
export class Reaper implements ProcessGroups {
  readonly #log: Log;
  readonly #groups = new Set<number>();
  #child: ChildProcessByStdio<Writable, null, null> | undefined;
  #replacing: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(log: Log) {
    this.#log = log;
    this.#start();
  }

  /** Its process, 0 where it has none just now. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  add(group: number): void {
    this.#groups.add(group);
    this.#tell(`+${group}`);
  }

  remove(group: number): void {
    if (this.#groups.delete(group)) this.#tell(`-${group}`);
  }

  /** Ends it; groups that are still there are ended with it. Safe to call twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#replacing);
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    // Nothing else may keep this process alive until then.
    child.ref();
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.stdin.end();
    await exited;
  }

  #start(): void {
    // A session of its own: Ctrl-C at the terminal is for the runtime, which then needs the reaper still.
    const child = spawn("/bin/sh", ["-c", script], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
    });
    this.#child = child;
    child.unref();
    child.stdin.on("error", () => undefined);
    child.once("error", (reason) => this.#replace(reason.message));
    child.once("exit", (code, signal) => this.#replace(signal ?? `code ${code ?? 0}`));
    for (const group of this.#groups) this.#tell(`+${group}`);
  }

  #replace(how: string): void {
    this.#child = undefined;
    if (this.#isStopped) return;
    this.#log.warn(
      "the reaper ended and is replaced; until then a killed runtime could leave plugins behind",
      { how },
    );
    clearTimeout(this.#replacing);
    this.#replacing = setTimeout(() => this.#start(), replaceAfterMs).unref();
  }

  #tell(line: string): void {
    this.#child?.stdin.write(`${line}\n`);
  }
}
