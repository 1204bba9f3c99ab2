import { afterEach, expect, test } from "vitest";
import { connect, type PrismClient } from "../../src/client/index.js";
import { KeyValue } from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { StockServer } from "../support/stock-server.js";

let server: StockServer;
let prism: PrismClient;
afterEach(() => {
  prism.close();
  server.stop();
});

async function keyValueOver(serving: StockServer) {
  server = serving;
  prism = connect({ address: await server.listen() });
  return prism.keyValue("orders");
}

test("a value written as text is read as text, in the namespace of the client", async () => {
  const values = new Map<string, Uint8Array>();
  const namespaces = new Set<unknown>();
  const keyValue = await keyValueOver(
    new StockServer()
      .unary(KeyValue.method.set, ({ key, value, ttlMs }, { headers }) => {
        namespaces.add(headers.get("prism-namespace")[0]);
        values.set(`${key} for ${ttlMs}`, value);
        return {};
      })
      .unary(KeyValue.method.get, ({ key }) => {
        const value = values.get(key);
        return value ? { found: true, value } : { found: false };
      }),
  );

  await keyValue.set("k", "grüße", { ttlMs: 5 });
  const read = await keyValue.getText("k for 5");
  const missing = await keyValue.getText("other");

  expect(read).toBe("grüße");
  expect(missing).toBeUndefined();
  expect([...namespaces]).toEqual(["orders"]);
});

test("a value that is no UTF-8 is not read as text", async () => {
  const value = Buffer.from([0xff]);
  const keyValue = await keyValueOver(
    new StockServer().unary(KeyValue.method.get, () => ({ found: true, value })),
  );

  await expect(keyValue.getText("k")).rejects.toThrow("no UTF-8 text: read its bytes with get");
  expect(Buffer.from((await keyValue.get("k")) ?? [])).toEqual(value);
});

test("a scan reads page after page until there is none", async () => {
  const pages = [
    { entries: [{ key: "a", value: Buffer.from("1") }], nextPageToken: "next" },
    { entries: [{ key: "b", value: Buffer.from("2") }], nextPageToken: "" },
  ];
  const keyValue = await keyValueOver(
    new StockServer().unary(KeyValue.method.scan, ({ pageToken }) => pages[pageToken === "" ? 0 : 1] ?? {}),
  );

  const keys: string[] = [];
  for await (const [key] of keyValue.scan("")) keys.push(key);

  expect(keys).toEqual(["a", "b"]);
});

test("to expect no value and to expect an empty one are different things", async () => {
  const expectations: unknown[] = [];
  const keyValue = await keyValueOver(
    new StockServer().unary(KeyValue.method.compareAndSet, ({ expected }) => {
      expectations.push(expected?.length);
      return { swapped: true };
    }),
  );

  await keyValue.compareAndSet("k", { value: "v" });
  await keyValue.compareAndSet("k", { expected: "", value: "v" });

  expect(expectations).toEqual([undefined, 0]);
});
