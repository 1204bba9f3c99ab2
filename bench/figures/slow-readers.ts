import type { Objects } from "../load/jobs.js";
import { measure, type Sample } from "../load/measure.js";
import type { Finding } from "../report/finding.js";
import type { Stage } from "../stage.js";
import type { Subject } from "../subjects/subject.js";
import { objectLoad } from "./objects.js";

const connections = 10;
const streams = 10;
const readBytesPerSecond = 2 * 1024 * 1024;
const mostGrowthBytes = 64 * 2 ** 20;
/** What may stay: freed memory is given back to the system in its own time. */
const mostLeftBytes = 16 * 2 ** 20;
/** V8 collects a heap that is at rest 8 s after its last collection, and gives its pages back a while later. */
const settleMs = 20_000;
const everyMs = 100;

/** The proxy's memory while 100 callers fetch 64 MiB each and read slowly, and after they have left. */
export async function slowReaders(stage: Stage): Promise<Finding> {
  const prism = await stage.own("prism");
  const load = { ...objectLoad(prism, "fetch", stage.effort.seconds * 4), connections, streams };
  // Buffers and code that any load brings along are not what slow readers cost.
  await measure(stage.loader, prism, objectLoad(prism, "fetch", stage.effort.seconds));
  stage.tell(`${connections * streams} slow readers`);
  const before = prism.proxy.rssBytes();
  const { most, sample } = await whileTheyRead(stage, prism, load);
  const after = await settled(prism, before + mostLeftBytes);
  stage.tell("the same once more");
  const again = await whileTheyRead(stage, prism, load);

  const [grew, left] = [most - before, after - before];
  return {
    name: "slow-readers",
    title: `${connections * streams} slow readers of 64 MiB at once`,
    table: {
      head: ["proxy's memory", "MiB"],
      rows: [
        ["before", mebibytes(before)],
        ["most", mebibytes(most)],
        ["after they left", mebibytes(after)],
        ["most, when as many come again", mebibytes(again.most)],
      ],
    },
    notes: [`they read ${Math.round(sample.megabytesPerSecond)} MB/s together`],
    verdicts: [
      {
        figure: `growth by ${connections * streams} slow readers`,
        must: "< 64 MiB",
        is: `${mebibytes(grew)} MiB`,
        holds: grew < mostGrowthBytes,
      },
      {
        figure: "what is left of it after they left",
        must: `≤ ${mebibytes(mostLeftBytes)} MiB`,
        is: `${mebibytes(left)} MiB`,
        holds: left <= mostLeftBytes,
      },
    ],
    plots: [],
    record: { before, most, after, again: again.most, sample },
  };
}

/** What the proxy holds at most while they read. */
async function whileTheyRead(
  stage: Stage,
  prism: Subject,
  load: Omit<Objects, "target">,
): Promise<{ most: number; sample: Sample }> {
  const memory = watch(prism);
  const sample = await measure(stage.loader, prism, { ...load, readBytesPerSecond });
  return { most: memory.stop(), sample };
}

function watch(subject: Subject): { stop(): number } {
  let most = 0;
  const look = (): void => void (most = Math.max(most, subject.proxy.rssBytes()));
  const timer = setInterval(look, everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return most;
    },
  };
}

/** The memory once it is down to a bound, or after a while. */
async function settled(subject: Subject, bound: number): Promise<number> {
  const end = performance.now() + settleMs;
  while (subject.proxy.rssBytes() > bound && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  return subject.proxy.rssBytes();
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
