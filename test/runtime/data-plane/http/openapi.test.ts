import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { typedOperations } from "../../../../src/protocol/index.js";
import { readHttpRequest } from "../../../../src/runtime/data-plane/http/http-request.js";
import { Proxied } from "../proxied.js";

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

let prism: Proxied;
let document: Described;
beforeAll(async () => {
  prism = await Proxied.start();
  const answer = await fetch(`http://127.0.0.1:${prism.port}/v1/openapi.json`);
  document = (await answer.json()) as Described;
});
afterAll(() => prism.stop());

test("the document is valid OpenAPI 3.1, and every reference in it leads somewhere", async () => {
  const validator = new Validator();

  const { valid, errors } = await validator.validate({ ...document });

  expect(errors).toBeUndefined();
  expect([valid, validator.version]).toEqual([true, "3.1"]);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
  const named = new Set(references.map(([, name]) => name ?? ""));
  expect([...named].filter((name) => !(name in document.components.schemas))).toEqual([]);
  expect(Object.keys(document.components.schemas).filter((name) => !named.has(name))).toEqual([]);
});

test("the document has every path with every method that the door takes, and no other", () => {
  const methods = ["get", "head", "put", "post", "delete", "patch", "options"];
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    methods.map((method) => [method, path, method in item] as const),
  );

  const wrong = described.filter(([method, path, isThere]) => {
    const isHeadOfGet = method === "head" && !path.endsWith("{key}");
    return !isHeadOfGet && isTaken(method, path) !== isThere;
  });

  expect(wrong).toEqual([]);
  for (const operation of typedOperations.keys())
    expect(document.paths[`/v1/namespaces/{namespace}/${operation}`]).toBeDefined();
});

test("the document says of messages and fields what the protos say", () => {
  expect(document.components.schemas["prism.keyvalue.v1.CompareAndSetRequest"]).toEqual({
    type: "object",
    description: "What to write, and on what condition.",
    properties: {
      key: { type: "string", description: "The key." },
      expected: {
        type: "string",
        contentEncoding: "base64",
        description: "The value that must be there now; absent means that the key must not be there.",
      },
      value: { type: "string", contentEncoding: "base64", description: "The value to write." },
      ttlMs: {
        type: ["string", "integer"],
        format: "int64",
        description: "How long it lives, in milliseconds; 0 for ever.",
      },
    },
    additionalProperties: false,
  });
  expect(document.paths["/v1/namespaces/{namespace}/increment"]).toMatchObject({
    post: { description: "Adds to a number kept as decimal text. Operation `increment`." },
  });
});

/** Whether the door takes a method on a path, its parameters filled in. */
function isTaken(method: string, path: string): boolean {
  try {
    readHttpRequest(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "x"));
    return true;
  } catch {
    return false;
  }
}
