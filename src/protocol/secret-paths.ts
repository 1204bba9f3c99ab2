/** Where in a config secrets stand: paths of keys, as "password" or "servers.*.key", where * is any key or entry. */
export class SecretPaths {
  readonly #paths: readonly (readonly string[])[];

  constructor(paths: readonly string[]) {
    this.#paths = paths.map((path) => path.split("."));
  }

  /** The secrets of a config: every text and number at or under one of the paths. */
  secretsOf(config: unknown): string[] {
    return this.#paths.flatMap((path) => leavesAt(config, path));
  }

  /** Whether all that stands under a key of the config, or of a part of it, is secret. */
  has(key: string): boolean {
    return this.#paths.some((path) => path.length === 1 && isFor(path, key));
  }

  /** What holds of the part of the config that stands under a key. */
  under(key: string): SecretPaths {
    const deeper = this.#paths.filter((path) => path.length > 1 && isFor(path, key));
    return new SecretPaths(deeper.map((path) => path.slice(1).join(".")));
  }
}

function isFor([first]: readonly string[], key: string): boolean {
  return first === "*" || first === key;
}

function leavesAt(value: unknown, [first, ...rest]: readonly string[]): string[] {
  if (first === undefined) return leavesOf(value);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (isFor([first], key) ? leavesAt(inner, rest) : []));
}

function leavesOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}
