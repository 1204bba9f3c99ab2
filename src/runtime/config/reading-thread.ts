import { parentPort, workerData } from "node:worker_threads";
import { type ReadingJob, runReadingJob } from "./reading-job.js";

// A thread that does one job. It tells the head first, then a batch of items each time it is asked for more, so that who
// listens never takes in all of them in one turn.

const batch = 200;

const { items, ...head } = { items: [], ...runReadingJob(workerData as ReadingJob) };
let told = 0;
parentPort?.on("message", () => {
  parentPort?.postMessage(items.slice(told, told + batch));
  told += batch;
});
parentPort?.postMessage({ ...head, total: items.length });
