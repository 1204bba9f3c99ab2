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
import type { JsonValue } from "../model/namespace.js";
import { keyText } from "./key-text.js";
import type { Path, Place, PlacedFinding } from "./yaml-document.js";

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
      if (name === "__proto__") this.#tell(key, inner, "a key of this name is never taken");
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
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    if (typeof value === "number") {
      if (Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value))) return value;
      this.#lose(scalar, path, "a number that cannot be kept exactly; put it in quotes");
    } else this.#lose(scalar, path, "expected text, a number, true or false");
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
