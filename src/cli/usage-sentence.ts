import type { Errors } from "@oclif/core";
import { nearestName } from "../protocol/nearest-name.js";

/** What a command takes, for the sentence that says what was wrong. */
export interface Usage {
  /** How it is called, as in "prism ns get". */
  readonly called: string;
  readonly flags: Readonly<Record<string, { readonly char?: string | undefined }>>;
  /** How it takes what has no flag; empty where there is nothing more. */
  readonly elsewhere: string;
}

/** Wrong usage in one sentence of what is wrong and one of what to do; what oclif says at length is said shortly. */
export function usageSentence({ message }: Errors.CLIError, usage: Usage): string {
  const [said, isOclifs] = shortly(message);
  const what = sentenceOf(said, usage);
  if (what === said && !isOclifs) return said;
  return `${what}${what.endsWith("?") ? "" : ":"} \`${usage.called} --help\` tells how it is used`;
}

/** A message without what oclif puts around it, and whether oclif did. */
function shortly(message: string): [said: string, isOclifs: boolean] {
  const end = /\s*See more help with --help$/;
  const [, flag, why] = /^Parsing (--\S+) \n\t([^]*)$/.exec(message.replace(end, "")) ?? [];
  // Our own flags say in their errors what to write.
  if (flag !== undefined && why !== undefined)
    return why.startsWith("Expected") ? [`${flag}: ${lowerFirst(why)}`, true] : [why, false];
  return [message.replace(end, ""), end.test(message)];
}

function sentenceOf(said: string, usage: Usage): string {
  const { called, flags } = usage;
  const [, unknown] = /^Nonexistent flags?: (.+)$/.exec(said) ?? [];
  if (unknown !== undefined)
    return unknown
      .split(", ")
      .map((flag) => noFlag(flag, usage))
      .join("; ");

  const [, missing] = /^Missing \d+ required args?:\n([^]*)$/.exec(said) ?? [];
  if (missing !== undefined) {
    const names = missing
      .split("\n\n")[0]
      ?.split("\n")
      .map((line) => `<${line.trim().split(/\s/)[0] ?? ""}>`);
    return `${called} needs ${names?.join(" and ") ?? "more arguments"}`;
  }

  const needed = [...said.matchAll(/Missing required flag (\S+)/g)].map(([, name = ""]) =>
    named(name, flags),
  );
  if (needed.length > 0) return `${called} needs ${needed.join(" and ")}`;

  const [, more] = /^Unexpected arguments?: ([^]+)$/.exec(said) ?? [];
  if (more !== undefined) return `${called} takes no ${JSON.stringify(more)}${viaNpm(more)}`;

  const [, flag, wants] = /^Flag (--\S+) (expects a value|can only be specified once)/.exec(said) ?? [];
  if (flag === undefined) return said;
  return `${flag} ${wants === "expects a value" ? "takes a value" : "may stand only once"}`;
}

function noFlag(flag: string, { flags, elsewhere }: Usage): string {
  const [given = flag] = flag.split("=");
  const nearest = given.startsWith("--") ? nearestName(given.slice(2), Object.keys(flags)) : undefined;
  if (nearest !== undefined) return `there is no flag ${given}: did you mean --${nearest}?`;
  return `there is no flag ${given}${elsewhere === "" ? "" : `; ${elsewhere}`}`;
}

/** npm keeps a flag for itself, and hands on the file that stood behind it. */
function viaNpm(more: string): string {
  const isFile = process.env["npm_lifecycle_event"] === "start" && /\.ya?ml$/.test(more);
  return isFile ? `; npm hands flags on behind --, as in \`npm start -- --config ${more}\`` : "";
}

function named(name: string, flags: Usage["flags"]): string {
  const char = flags[name]?.char;
  return char === undefined ? `--${name}` : `-${char} (--${name})`;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
