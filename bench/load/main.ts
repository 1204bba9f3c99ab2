/** The load, a process of its own and the same for every subject: a job comes by IPC, its result goes the same way. */
import { type Job, type JobResult, percentiles } from "./jobs.js";
import { runObjects } from "./objects.js";
import { runSmallCalls } from "./small-calls.js";
import { newTally } from "./tally.js";

process.on("message", (message) => void answer(message as Job));
process.on("disconnect", () => process.exit(0));
process.send?.("ready");

async function answer(job: Job): Promise<void> {
  process.send?.(await run(job));
}

async function run(job: Job): Promise<JobResult> {
  const tally = newTally();
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  if (job.kind === "objects") await runObjects(job, tally);
  else await runSmallCalls(job, tally);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1000;
  const { calls, failed, bytes, latency } = tally;
  const latencyMs = percentiles.map((percentile) => latency.percentile(percentile) / 1e6);
  return { calls, failed, bytes, seconds, latencyMs, loadShare: (user + system) / 1e6 / seconds };
}
