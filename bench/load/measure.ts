import { otherCores } from "../subjects/cores.js";
import type { Subject } from "../subjects/subject.js";
import type { Job, JobResult, Objects, SmallCalls } from "./jobs.js";
import type { Loader } from "./loader.js";

/** One run of load on one subject. */
export interface Sample extends JobResult {
  /** CPU of the proxy's process, per call. */
  readonly cpuMicrosPerCall: number;
  /** CPU of all the subject's processes, per call. */
  readonly allCpuMicrosPerCall: number;
  readonly callsPerSecond: number;
  /** CPU of the proxy's process as a share of one core: at 1 there is no more to be had. */
  readonly proxyShare: number;
  /** How busy the cores of the load and the plugin were: at 1 it is they that limit. NaN where nobody is kept to a core. */
  readonly othersShare: number;
  readonly megabytesPerSecond: number;
  readonly rssBytes: number;
}

/** A load wherever it goes. */
export type Load = Omit<SmallCalls, "target"> | Omit<Objects, "target">;

/** Puts load on a subject, and reads what the subject used meanwhile. */
export async function measure(loader: Loader, subject: Subject, load: Load): Promise<Sample> {
  const job: Job = { ...load, target: subject.target };
  const [proxyBefore, allBefore] = [subject.proxy.cpuMicros(), subject.all.cpuMicros()];
  const othersBefore = otherCores();
  const result = await loader.run(job);
  const others = otherCores();
  const proxyMicros = subject.proxy.cpuMicros() - proxyBefore;
  const allMicros = subject.all.cpuMicros() - allBefore;
  const calls = Math.max(1, result.calls);
  return {
    ...result,
    cpuMicrosPerCall: proxyMicros / calls,
    allCpuMicrosPerCall: allMicros / calls,
    callsPerSecond: result.calls / result.seconds,
    proxyShare: proxyMicros / 1e6 / result.seconds,
    othersShare: (others.busy - othersBefore.busy) / (others.all - othersBefore.all),
    megabytesPerSecond: result.bytes / result.seconds / 1e6,
    rssBytes: subject.proxy.rssBytes(),
  };
}
