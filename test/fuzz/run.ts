/** `npm run fuzz`: tries inputs on every target until the time is over, or one breaks a promise. See docs/wire.md. */
import { parseArgs } from "node:util";
import { keptInputs } from "./kept-inputs.js";
import { targets } from "./targets/index.js";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    seed: { type: "string" },
    path: { type: "string" },
    runs: { type: "string" },
    minutes: { type: "string", default: "2" },
    help: { type: "boolean", default: false },
  },
});

const usage = `npm run fuzz -- [--only <target>]… [--minutes 2 | --runs <n>] [--seed <n>] [--path <path>]
  --only     one target, or several; without it all of them
  --minutes  for all targets together, which share them
  --runs     inputs a target, however long they take
  --seed     the inputs of this seed; without it a new one, which is told
  --path     straight to the input that failed, as it was told
targets: ${targets.map(({ name }) => name).join(", ")}
`;

process.exitCode = await fuzz();

/** 0 where every promise was kept, 1 where one was broken, 2 where nothing could be tried. */
async function fuzz(): Promise<number> {
  if (values.help) return tell(usage, 0);
  const wanted = values.only ?? targets.map(({ name }) => name);
  const unknown = wanted.filter((name) => !targets.some((target) => target.name === name));
  if (unknown.length > 0) return tell(`no target ${unknown.join(", ")}\n${usage}`, 2);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const milliseconds = (Number(values.minutes) * 60_000) / wanted.length;
  const effort = values.runs ? { runs: Number(values.runs) } : { runs: 2 ** 31 - 1, milliseconds };
  if (![seed, effort.runs, milliseconds].every(Number.isFinite)) return tell(usage, 2);
  let broken = 0;
  for (const target of targets.filter(({ name }) => wanted.includes(name))) {
    const began = performance.now();
    const kept = keptInputs(target.name);
    const path = values.path === undefined ? {} : { path: values.path };
    const { runs, failure } = await target.run({ seed, kept, ...effort, ...path });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (failure !== undefined) broken++;
    const sign = failure === undefined ? "✓" : "✗";
    tell(`${sign} ${target.name.padEnd(18)} ${runs} inputs of seed ${seed} in ${seconds} s\n`);
    if (failure !== undefined) tell(`${failure}\n`);
  }
  return broken > 0 ? 1 : 0;
}

function tell(text: string, code = 0): number {
  process.stdout.write(text);
  return code;
}
