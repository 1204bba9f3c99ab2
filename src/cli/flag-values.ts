import type { Interfaces } from "@oclif/core";

/** No argument of a program holds this byte, so it tells apart what was marked. */
const mark = "\0";

/** The flags of a command, so far as their values go. */
export type FlagKinds = Readonly<Record<string, Pick<Interfaces.Flag<unknown>, "type" | "char">>>;

/**
 * Lets `--value=--key` be the value "--key". oclif takes a value that looks like a flag of the command for one, and says
 * that the value is missing: here what stands behind `=` is marked, and `unmarked` takes the mark off what was parsed.
 */
export function markValues(argv: readonly string[], flags: FlagKinds): string[] {
  const end = argv.indexOf("--");
  return argv.map((word, index) => {
    if (end >= 0 && index >= end) return word;
    return takesTheNext(argv[index - 1] ?? "", flags) ? word : markValue(word, flags);
  });
}

/** Parsed values as they were given. */
export function unmarked<Values extends Record<string, unknown>>(values: Values): Values {
  const plain = (value: unknown): unknown => {
    if (typeof value === "string" && value.startsWith(mark)) return value.slice(mark.length);
    return Array.isArray(value) ? value.map(plain) : value;
  };
  return Object.assign(
    values,
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plain(value)])),
  );
}

function markValue(word: string, flags: FlagKinds): string {
  const [, long, name = ""] = /^(--([^=]+)=)-/.exec(word) ?? [];
  if (long !== undefined)
    return flags[name]?.type === "option" ? long + mark + word.slice(long.length) : word;
  const [, short, char = ""] = /^(-([A-Za-z])=?)-/.exec(word) ?? [];
  return short !== undefined && isOption(char, flags) ? short + mark + word.slice(short.length) : word;
}

/** Whether the word behind this one is a flag's value, whatever it looks like. */
function takesTheNext(word: string, flags: FlagKinds): boolean {
  if (word.startsWith("--")) return flags[word.slice(2)]?.type === "option";
  return /^-[A-Za-z]$/.test(word) && isOption(word.slice(1), flags);
}

function isOption(char: string, flags: FlagKinds): boolean {
  return Object.values(flags).some((flag) => flag.char === char && flag.type === "option");
}
