import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { configSchema } from "../../src/runtime/config/config-schema.js";
import { laterKeys } from "../../src/runtime/config/later-keys.js";
import { schemaKeys } from "./configuration-keys.js";
import { codeIn, tableRows } from "./table-rows.js";

const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
const documented = tableRows(page).map(([key, standard = "", works = "", meaning = ""]) => ({
  key: codeIn(key) ?? "",
  standard,
  works,
  meaning,
}));

test("docs/configuration.md lists every key of the schema, and no other", () => {
  const keys = documented.map(({ key }) => key);

  expect(keys.toSorted()).toEqual(
    schemaKeys()
      .map(({ key }) => key)
      .toSorted(),
  );
});

test.each(schemaKeys())("the default of $key is as documented", (known) => {
  const { standard = "" } = documented.find(({ key }) => key === known.key) ?? {};

  if (known.isRequired && !standard.startsWith("`")) expect(standard).toBe("required");
  else if (!standard.startsWith("`")) expect([standard, known.hasDefault]).toEqual(["–", false]);
  else expect(valueOf(known.key, parse(codeIn(standard) ?? ""))).toEqual(defaultOf(known));
});

test("what works is documented, and what comes later is so marked", () => {
  const wrong = documented.filter(({ key, works }) => {
    const path = key.replaceAll("[]", ".*");
    const isLater = laterKeys.some((later) => `${path}.`.startsWith(`${later.key}.`));
    const isLibrary = key.endsWith(".library");
    return works.includes("later") !== (isLater || isLibrary);
  });

  expect(wrong.map(({ key }) => key)).toEqual([]);
});

test("every key that comes later is a key of the schema", () => {
  const known = schemaKeys().map(({ key }) => `${key.replaceAll("[]", ".*")}.`);

  const unknown = laterKeys.filter((later) => !known.some((key) => key.startsWith(`${later.key}.`)));

  expect(unknown).toEqual([]);
});

test("the example of docs/configuration.md has nothing in it that the schema refuses", () => {
  const [, example = ""] = /```yaml\n(.*?)```/s.exec(page) ?? [];

  expect(configSchema.safeParse(parse(example)).success).toBe(true);
});

/** What the schema makes of a value at a key, in a file that has nothing else but what is required. */
function valueOf(key: string, value: unknown): unknown {
  return read(configSchema.parse(fileWith(key, value)), key);
}

function defaultOf({ key, hasDefault, default: standard }: ReturnType<typeof schemaKeys>[number]): unknown {
  return hasDefault ? standard : read(configSchema.parse(fileWith(key, undefined)), key);
}

const requiredBeside: Readonly<Record<string, object>> = {
  "server.tls": { cert: "c", key: "k" },
  "auth.jwt[]": { issuer: "i", audience: "a", jwks: "k" },
  "plugins[]": { name: "p" },
  "namespaces[]": { name: "n", backend: "memory" },
};

function fileWith(key: string, value: unknown): object {
  const steps = key.split(".");
  return steps.reduceRight<unknown>((inner, step, index) => {
    const beside = requiredBeside[steps.slice(0, index + 1).join(".")] ?? {};
    const within =
      typeof inner === "object" && inner !== null && index < steps.length - 1 ? inner : undefined;
    const held = within ? { ...beside, ...within } : inner;
    const name = step.replace("[]", "");
    return { [name]: step.endsWith("[]") ? [held] : held };
  }, value) as object;
}

function read(value: unknown, key: string): unknown {
  return key
    .split(/\.|(?=\[\])/)
    .reduce<unknown>(
      (inner, step) => (inner as Record<string, unknown> | undefined)?.[step === "[]" ? "0" : step],
      value,
    );
}
