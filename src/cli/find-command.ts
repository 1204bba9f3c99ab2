import type { Config } from "@oclif/core";
import { nearestName } from "../protocol/nearest-name.js";

/** The id of the command that words begin with, and how many of them name it; undefined where they name none. */
export function findCommand(
  words: readonly string[],
  config: Config,
): { readonly id: string; readonly length: number } | undefined {
  for (let length = words.length; length > 0; length--) {
    const id = words.slice(0, length).join(":");
    if (config.findCommand(id)) return { id, length };
  }
  return undefined;
}

/** Why words name neither a command nor a topic, with the nearest that there is; undefined where they name one, or are none. */
export function whyNoCommand(words: readonly string[], config: Config): string | undefined {
  const [first, second] = words;
  if (first === undefined || findCommand(words, config)) return undefined;
  if (config.findTopic(words.join(":"))) return undefined;

  const known = config.commands.filter(({ hidden }) => !hidden).map(({ id }) => id.split(":"));
  const heads = new Set(known.map(([head = ""]) => head));
  const head = heads.has(first) ? first : nearestName(first, heads);
  const under = known.flatMap(([topic, name]) => (topic === head && name !== undefined ? [name] : []));
  const isTopic = under.length > 0;
  const name = isTopic && second !== undefined ? nearestName(second, under) : undefined;

  const asked = isTopic && second !== undefined ? `${first} ${second}` : first;
  const meant = name === undefined && head === first ? undefined : [head, name].filter(Boolean).join(" ");
  const hint = meant === undefined || meant === "" ? "" : `did you mean \`${config.bin} ${meant}\`? `;
  return `there is no command "${asked}": ${hint}\`${config.bin} help\` tells all there are`;
}
