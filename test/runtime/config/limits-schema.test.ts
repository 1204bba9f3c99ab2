import { expect, test } from "vitest";
import { limitsSection, toWireLimits } from "../../../src/runtime/config/limits-schema.js";

test("each key of server.limits reaches the data plane under its own name", () => {
  const defaults = Object.entries(limitsSection.parse(undefined));
  const given = Object.fromEntries(defaults.map(([key, value], n) => [key, value + n + 1]));

  const limits = toWireLimits(limitsSection.parse(given));

  expect(limits).toEqual(Object.fromEntries(Object.entries(given).map(([key, n]) => [camelCase(key), n])));
});

function camelCase(key: string): string {
  return key.replace(/_(.)/g, (_all, letter: string) => letter.toUpperCase());
}
