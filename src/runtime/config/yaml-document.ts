import {
  LineCounter,
  type Node,
  type ParsedNode,
  type YAMLError,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
} from "yaml";
import type { JsonValue } from "../model/namespace.js";
import type { Path, Place, PlacedFinding } from "./finding.js";
import { keyText } from "./key-text.js";
import { type AliasTargets, readPlainValue } from "./plain-value.js";

/** YAML with the memory of where each thing stood. */
export interface YamlDocument {
  /** What it says; null where it is empty. */
  readonly value: JsonValue;
  /** False where `value` is not what the text says, as its syntax is bad or its nesting wild. */
  readonly isReadable: boolean;
  /** Bad syntax, and what YAML allows and configuration does not: keys that stand twice, wild nesting, foreign tags. */
  readonly problems: readonly PlacedFinding[];
  /** Where a path's value, or its key, stands; of what is not there, the nearest thing around it. */
  placeOf(path: Path, at?: "key"): Place;
}

/** Reads YAML text. Never throws; whatever is wrong is in `problems`, without a word of the text's values. */
export function readYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  // Unique keys are checked in readPlainValue: here the check takes quadratic time.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "error",
  });

  const syntax = [...document.errors, ...document.warnings];
  const worst = syntax.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  if (syntax.length > 0) {
    const problems = (worst ? [worst] : syntax).map((error) => ({
      path: [],
      place: placeAt(error.pos[0]),
      message: `not valid YAML: ${withoutSource(error)}`,
    }));
    return { value: null, isReadable: false, problems, placeOf: () => ({ line: 1, column: 1 }) };
  }

  if (document.directives.yaml.version !== "1.2") {
    const message =
      "expected YAML 1.2, got another version, in which yes and 010 mean something else; remove %YAML";
    const problem = { path: [], place: { line: 1, column: 1 }, message };
    return { value: null, isReadable: false, problems: [problem], placeOf: () => problem.place };
  }

  const root: ParsedNode | null = document.contents;
  const { targets, ...read } = readPlainValue(root, placeAt);
  return {
    ...read,
    placeOf: (path, at) => placeAt(offsetOf(root, { path, at, targets })),
  };
}

/** The parser's sentence, without the piece of the file that it may quote: that could be a password. */
function withoutSource({ code, message }: YAMLError): string {
  if (code === "RESOURCE_EXHAUSTION") return "nested too deeply";
  if (code === "MULTIPLE_DOCS") return "expected one document, got several parted by ---";
  if (code === "TAG_RESOLVE_FAILED")
    return "a tag (!…) has no meaning here; put text that begins with ! in quotes";
  if (message.includes("start with reserved character"))
    return "text that begins with @ or ` must stand in quotes";
  return message.replace(/(\w): .*$/s, "$1").replace(/(escape sequence) .*$/s, "$1");
}

function offsetOf(
  root: Node | null,
  { path, at, targets }: { path: Path; at: "key" | undefined; targets: AliasTargets },
): number {
  let node: unknown = root;
  let offset = startOf(root) ?? 0;
  for (const [index, step] of path.entries()) {
    const around = isNode(node) ? (targets.get(node) ?? node) : node;
    if (isSeq(around)) node = around.items[Number(step)];
    else if (isMap(around)) {
      const pair = around.items.find(({ key }) => isScalar(key) && keyText(key) === String(step));
      node = pair?.value ?? pair?.key;
      const last = index === path.length - 1;
      if (last && at === "key") node = pair?.key;
    } else return offset;
    const start = startOf(node);
    if (start === undefined) return offset;
    offset = start;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
