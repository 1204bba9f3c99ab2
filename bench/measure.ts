import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { LoadJob, LoadResult } from "./load.js";
import type { Subject } from "./subjects.js";

/** One run of load on one subject. */
export interface Sample extends LoadResult {
  /** CPU of the subject's processes, per call. */
  readonly cpuMicrosPerCall: number;
  /** CPU of the subject's processes, per GiB carried. */
  readonly cpuSecondsPerGiB: number;
  readonly megabytesPerSecond: number;
  readonly rssBytes: number;
}

/** What differs between runs. */
export type Load = Pick<LoadJob, "call" | "connections" | "streams" | "seconds"> & Partial<LoadJob>;

const loadFile = new URL("load.ts", import.meta.url).pathname;

/** Puts load on a subject from a process of its own, and reads what the subject used meanwhile. */
export async function measure(subject: Subject, load: Load): Promise<Sample> {
  const job: LoadJob = {
    port: subject.port,
    path: load.call === "get" ? "/prism.keyvalue.v1.KeyValue/Get" : subject.executePath,
    readBytesPerSecond: 0,
    ...load,
  };
  const cpuBefore = subject.tree.cpuMicros();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", loadFile, JSON.stringify(job)],
    {
      timeout: (load.seconds + 30) * 1000,
    },
  );
  const cpu = subject.tree.cpuMicros() - cpuBefore;
  const result = JSON.parse(stdout) as LoadResult;
  return {
    ...result,
    cpuMicrosPerCall: cpu / Math.max(1, result.calls),
    cpuSecondsPerGiB: cpu / 1e6 / Math.max(1e-9, result.bytes / 2 ** 30),
    megabytesPerSecond: result.bytes / result.seconds / 1e6,
    rssBytes: subject.tree.rssBytes(),
  };
}

/** The median, and how far the values lie around it. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Median and range of some figures. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[Math.max(0, Math.min(sorted.length - 1, index))] ?? NaN;
  return { median: at(Math.floor(sorted.length / 2)), least: at(0), most: at(sorted.length - 1) };
}
