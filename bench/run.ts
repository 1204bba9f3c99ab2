/** `npm run bench`: Prism beside its peers, figure by figure, in one run. See bench/README.md. */
import { parseArgs } from "node:util";
import { figures } from "./figures/index.js";
import type { Finding } from "./report/finding.js";
import { keep } from "./report/keep.js";
import { machine } from "./report/machine.js";
import { shown, verdictTable } from "./report/terminal.js";
import { type Effort, Stage } from "./stage.js";
import { placement } from "./subjects/cores.js";
import { installPeers } from "./subjects/install.js";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    profile: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    seconds: { type: "string" },
    keep: { type: "boolean", default: false },
    install: { type: "boolean", default: false },
  },
});
const usual: Effort = values.quick ? { rounds: 1, seconds: 0.5 } : { rounds: 3, seconds: 1.5 };
const effort: Effort = {
  rounds: Number(values.rounds ?? usual.rounds),
  seconds: Number(values.seconds ?? usual.seconds),
};
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const only = values.profile ? [...values.only, "profile"] : values.only;
const unknown = only.filter((name) => !(name in figures));
if (unknown.length > 0) {
  process.stderr.write(`no figure ${unknown.join(", ")}: there are ${Object.keys(figures).join(", ")}\n`);
  process.exit(2);
}
if (values.install) installPeers();
say(`${machine()}; ${placement()}\n`);
const findings = await measureAll();
if (values.keep) keep(findings, effort);

async function measureAll(): Promise<Finding[]> {
  const stage = await Stage.open({ effort, tell: (line) => void process.stderr.write(`${line}\n`) });
  const found: Finding[] = [];
  try {
    for (const [name, measure] of Object.entries(figures)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const finding = await measure(stage);
      say(shown(finding));
      found.push(finding);
    }
    const verdicts = found.flatMap((finding) => finding.verdicts);
    if (verdicts.length > 0) say(verdictTable(verdicts));
    for (const line of stage.missing) say(line);
  } finally {
    await stage.close();
  }
  return found;
}
