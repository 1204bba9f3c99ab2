import {
  type Alias,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
} from "yaml";
import { doubleOf, readNumber } from "../../protocol/index.js";
import type { JsonValue } from "../model/namespace.js";
import { keyText } from "./key-text.js";
import type { Path, Place, PlacedFinding } from "./finding.js";

const deepest = 64;
const mostThroughAliases = 10_000;

/** What each alias stands for. */
export type AliasTargets = ReadonlyMap<Node, Node>;

/**
 * A YAML tree as plain values, with what is wrong in it: keys that stand twice, aliases that multiply, nesting without
 * end, numbers that lose digits. Its work is bounded by the text's size, whatever the aliases say.
 */
export function readPlainValue(root: Node | null, placeAt: (offset: number) => Place): PlainValue {
  const reader = new PlainValueReader(placeAt);
  const value = root === null ? null : reader.read(root, []);
  const { problems, isBounded, targets } = reader;
  return { value, problems, isReadable: isBounded, targets };
}

interface PlainValue {
  readonly value: JsonValue;
  readonly problems: readonly PlacedFinding[];
  /** False where reading had to end before the document did. */
  readonly isReadable: boolean;
  readonly targets: AliasTargets;
}

class PlainValueReader {
  readonly problems: PlacedFinding[] = [];
  readonly targets = new Map<Node, Node>();
  isBounded = true;
  readonly #placeAt: (offset: number) => Place;
  readonly #anchors = new Map<string, Node>();
  #aliasDepth = 0;
  #throughAliases = 0;

  constructor(placeAt: (offset: number) => Place) {
    this.#placeAt = placeAt;
  }

  read(node: Node, path: Path): JsonValue {
    if (!this.isBounded) return null;
    if (path.length > deepest)
      return this.#end(node, path.slice(0, 1), `nested more than ${deepest} levels deep`);
    if (this.#aliasDepth > 0 && ++this.#throughAliases > mostThroughAliases)
      return this.#end(node, path.slice(0, 1), "aliases multiply it without bound; write it out");
    if (isAlias(node)) return this.#alias(node, path);
    if ("anchor" in node && typeof node.anchor === "string") this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#mapping(node, path);
    if (isSeq(node)) return this.#list(node, path);
    return isScalar(node) ? this.#scalar(node, path) : null;
  }

  #alias(node: Alias, path: Path): JsonValue {
    const target = this.#anchors.get(node.source);
    if (target === undefined) {
      this.#lose(node, path, "an alias (*…) without its anchor; put text that begins with * in quotes");
      return null;
    }
    this.targets.set(node, target);
    this.#aliasDepth += 1;
    const value = this.read(target, path);
    this.#aliasDepth -= 1;
    return value;
  }

  #mapping(map: YAMLMap, path: Path): JsonValue {
    const lines = new Map<string, number>();
    const object: Record<string, JsonValue> = {};
    for (const { key, value } of map.items) {
      if (!isScalar(key)) {
        this.#tell(isNode(key) ? key : map, path, "expected text as a key");
        continue;
      }
      const name = keyText(key);
      const inner = [...path, name];
      const first = lines.get(name);
      if (!isWholeText(name)) this.#tell(key, path, halfCharacter);
      else if (name === "<<")
        this.#tell(key, inner, "merge keys are not read, as YAML 1.2 has none; write the keys out");
      else if (name === "__proto__") this.#tell(key, inner, "a key of this name is never taken");
      else if (first !== undefined) this.#tell(key, inner, `stands twice, first in line ${first}`);
      else {
        lines.set(name, this.#placeOf(key).line);
        object[name] = isNode(value) ? this.read(value, inner) : null;
      }
    }
    return object;
  }

  #list(list: YAMLSeq, path: Path): JsonValue {
    return list.items.map((item, index) => (isNode(item) ? this.read(item, [...path, index]) : null));
  }

  #scalar(scalar: Scalar, path: Path): JsonValue {
    const { value } = scalar;
    const wrong = typeof value === "number" ? wrongWithNumber(value, scalar.source) : wrongWith(value);
    if (wrong === undefined) return value as JsonValue;
    this.#lose(scalar, path, wrong);
    return null;
  }

  #tell(node: Node, path: Path, message: string): void {
    this.problems.push({ path, place: this.#placeOf(node), message });
  }

  #lose(node: Node, path: Path, message: string): void {
    this.problems.push({ path, place: this.#placeOf(node), message, isLost: true });
  }

  #end(node: Node, path: Path, message: string): null {
    this.isBounded = false;
    this.problems.splice(0, Infinity, { path, place: this.#placeOf(node), message });
    return null;
  }

  #placeOf(node: Node): Place {
    return this.#placeAt(node.range?.[0] ?? 0);
  }
}

const halfCharacter = "half of a character (a lone surrogate such as \\ud800), which no UTF-8 can hold";

function wrongWith(value: unknown): string | undefined {
  if (typeof value === "string") return isWholeText(value) ? undefined : halfCharacter;
  return typeof value === "boolean" || value === null ? undefined : "expected text, a number, true or false";
}

/** Numbers are doubles from here on, in a plugin's config too: what does not fit one exactly would be another number. */
function wrongWithNumber(value: number, source = String(value)): string | undefined {
  // Ten to YAML 1.2 and eight to YAML 1.1: 010.
  if (/^[-+]?0\d/.test(source))
    return "a number that begins with 0 is octal to some readers and not to others; write it without, as 0o17, or in quotes";
  const isKept = Number.isInteger(value)
    ? Number.isSafeInteger(value) && (value !== 0 || /^[^1-9]*$/.test(source.split(/e/i)[0] ?? ""))
    : Number.isFinite(value) && isExact(source);
  return isKept ? undefined : "a number that cannot be kept exactly; put it in quotes";
}

function isExact(source: string): boolean {
  const [, sign = "", whole = "", fraction = "", power = ""] =
    /^([-+]?)(\d*)(?:\.(\d*))?(?:e([-+]?\d+))?$/i.exec(source) ?? [];
  const written = `${sign === "-" ? "-" : ""}${whole || "0"}.${fraction || "0"}e${power || "0"}`;
  const read = readNumber(written);
  return typeof read === "number" || (read !== undefined && doubleOf(read) !== undefined);
}

function isWholeText(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
