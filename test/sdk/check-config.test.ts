import { expect, test } from "vitest";
import { z } from "../../src/sdk/index.js";
import { checkConfig } from "../../src/sdk/check-config.js";

const schema = z.strictObject({ greeting: z.string(), max_keys: z.int().default(10) });

test("a misspelt key of a plugin's config is told with the one that was meant, beside all other problems", () => {
  const check = (): unknown => checkConfig(schema, { greeting: 1, maxkey: 3, unheard: 1 });

  expect(check).toThrow(/config\.greeting: .*; config: unrecognized keys: .*, did you mean max_keys\?$/);
});

test("a key that is near none is told as unknown alone", () => {
  const check = (): unknown => checkConfig(schema, { greeting: "hi", unheard: 1 });

  expect(check).toThrow(/config: unrecognized key: "unheard"$/);
});
