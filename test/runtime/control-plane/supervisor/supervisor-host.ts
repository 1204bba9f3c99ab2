// Hosts a supervisor with the namespaces of two unruly plugins, tells on stdout once they serve, and then waits to be killed.
import { namespaceOn, Supervised } from "../supervised.js";

const prism = await Supervised.begin();
const unruly = ["ignores-sigterm.js", "forks-a-child.js"];
await Promise.all(
  unruly.map((program, i) => prism.supervisor.start(namespaceOn(program, { name: `unruly-${i}` }))),
);
const [, forked] = /forked a child: (\d+)/.exec(prism.log.text) ?? [];
const instances = prism.supervisor.instances().map(({ pid }) => pid);
const told = { directory: prism.directory, pids: [...instances, Number(forked), prism.reaper.pid] };
process.stdout.write(`${JSON.stringify(told)}\n`);
setInterval(() => undefined, 60_000);
