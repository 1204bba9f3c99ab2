import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Proxied } from "../proxied.js";
import { type Answer, carriers } from "./ask.js";
import { keepValues } from "./key-value-stub.js";

const path = "/v1/namespaces/orders/kv/a";

let prism: Proxied;
let kept: Map<string, Buffer>;
beforeEach(async () => {
  prism = await Proxied.start();
  kept = keepValues(prism.plugin);
});
afterEach(() => prism.stop());

describe.each(carriers)("a condition over %s", (_carrier, ask) => {
  const get = (headers = {}): Promise<Answer> => ask(prism.port, { method: "GET", path, headers });
  const put = (body: string | Buffer, headers = {}): Promise<Answer> =>
    ask(prism.port, { method: "PUT", path, body, headers });
  const tagOf = ({ headers }: Answer): string => String(headers["etag"]);

  test("If-None-Match: * writes only where nothing is: 201, then 412", async () => {
    const first = await put("one", { "if-none-match": "*" });
    const second = await put("two", { "if-none-match": "*" });

    expect([first.status, second.status]).toEqual([201, 412]);
    expect(JSON.parse(second.body.toString())).toMatchObject({ code: 9 });
    expect(kept.get("a")?.toString()).toBe("one");
  });

  test("If-None-Match: * holds for a value that is streamed as well", async () => {
    const large = Buffer.alloc(1_000_000, "x");

    expect((await put(large, { "if-none-match": "*" })).status).toBe(201);
    expect((await put(large, { "if-none-match": "*" })).status).toBe(412);
  });

  test("If-Match writes only over the value whose tag was told: who comes second gets 412", async () => {
    const tag = tagOf(await put("one"));

    const mine = await put("two", { "if-match": tag });
    const yours = await put("three", { "if-match": tag });
    const again = await put("three", { "if-match": `"no", ${tagOf(mine)}` });

    expect([mine.status, yours.status, again.status]).toEqual([204, 412, 204]);
    expect(kept.get("a")?.toString()).toBe("three");
  });

  test("If-Match: * writes only where something is", async () => {
    const none = await put("one", { "if-match": "*" });
    kept.set("a", Buffer.from("there"));
    const some = await put("two", { "if-match": "*" });

    expect([none.status, some.status]).toEqual([412, 204]);
  });

  test("that held when it was read and not when it was written is 412", async () => {
    const tag = tagOf(await put("one"));
    const { answer } = prism.plugin;
    prism.plugin.answer = (call) => {
      if (call.request.operation === "compare_and_set") kept.set("a", Buffer.from("quicker"));
      answer(call);
    };

    const late = await put("two", { "if-match": tag });

    expect(late.status).toBe(412);
    expect(kept.get("a")?.toString()).toBe("quicker");
  });

  test("on a value too large for a tag is 412", async () => {
    kept.set("a", Buffer.alloc(300_000));

    expect((await put("one", { "if-match": "*" })).status).toBe(412);
    expect((await get({ "if-match": '"x"' })).status).toBe(412);
  });

  test("If-None-Match answers GET and HEAD with 304 when the value is still the same", async () => {
    const tag = tagOf(await put("one"));

    const same = await get({ "if-none-match": `W/${tag}` });
    const head = await ask(prism.port, { method: "HEAD", path, headers: { "if-none-match": tag } });
    const other = await get({ "if-none-match": '"other"' });

    expect([same.status, same.body.length, tagOf(same)]).toEqual([304, 0, tag]);
    expect(head.status).toBe(304);
    expect([other.status, other.body.toString()]).toEqual([200, "one"]);
  });

  test("If-Match on GET is 412 when the value is another one", async () => {
    const tag = tagOf(await put("one"));

    expect((await get({ "if-match": tag })).status).toBe(200);
    expect((await get({ "if-match": '"other"' })).status).toBe(412);
  });

  test("that cannot be read is refused rather than passed over", async () => {
    kept.set("a", Buffer.from("one"));

    for (const tag of ["abc", '"a" "b"', "", '"a",'])
      expect((await put("two", { "if-match": tag })).status).toBe(400);
    expect(kept.get("a")?.toString()).toBe("one");
  });

  test("on DELETE is refused, because no backend can keep it", async () => {
    kept.set("a", Buffer.from("one"));

    const refused = await ask(prism.port, { method: "DELETE", path, headers: { "if-match": "*" } });

    expect(refused.status).toBe(501);
    expect(kept.size).toBe(1);
  });
});
