const begin = "<!-- commands -->";
const end = "<!-- /commands -->";

/** The commands as a Markdown table, from oclif's manifest. */
export function commandList({ commands }) {
  const rows = Object.values(commands)
    .filter(({ hidden }) => !hidden)
    .map((command) => `| \`prism ${usage(command)}\` | ${command.summary} |`);
  return ["| command | what it does |", "|---|---|", ...rows.sort()].join("\n");
}

/** A README with its command list replaced. */
export function withCommandList(readme, list) {
  const [before, rest] = readme.split(begin);
  const after = rest?.split(end)[1];
  return after === undefined ? readme : `${before}${begin}\n${list}\n${end}${after}`;
}

function usage({ id, args }) {
  const names = Object.values(args).map(({ name, required }) => (required ? `<${name}>` : `[${name}]`));
  return [...id.split(":"), ...names].join(" ");
}
