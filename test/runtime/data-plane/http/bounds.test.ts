import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, describe, expect, test } from "vitest";
import { StreamResponseSchema } from "../../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import type { WireLimits } from "../../../../src/runtime/model/proxy-messages.js";
import { answerGet, framed, type ReceivedCall, replyHead, replyOk } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { type Answer, type Asked, carriers } from "./ask.js";
import { keepValues } from "./key-value-stub.js";

const json = { "content-type": "application/json" };
const lines = { "content-type": "application/x-ndjson" };
const operation = "/v1/namespaces/orders/";
const kv = "/v1/namespaces/orders/kv/";

let prism: Proxied;
async function start(limits: Partial<WireLimits>): Promise<void> {
  const operations = [{ name: "watch", streaming: true }, { name: "get" }, { name: "set" }];
  prism = await Proxied.start({ limits, route: { operations } });
}
afterEach(() => prism.stop());

/** A body in JSON that is so long. */
function jsonOf(bytes: number): string {
  return '{"key":"k"}'.padEnd(bytes);
}

/** A line of a stream that is so long. */
function lineOf(bytes: number): string {
  return '{"rawParams":"aGk="}'.padEnd(bytes);
}

function expectRefusal({ status, body }: Answer, expected: number, key: string): void {
  expect(status).toBe(expected);
  expect(JSON.parse(body.toString())).toMatchObject({
    code: 8,
    message: expect.stringContaining(`server.limits.${key}`) as string,
    details: [{ metadata: { limit: `server.limits.${key}` } }],
  });
}

describe.each(carriers)("over %s", (_carrier, ask, open) => {
  const post = (name: string, body: string, headers: Asked["headers"] = json): Promise<Answer> =>
    ask(prism.port, { method: "POST", path: operation + name, headers, body });

  test("a body in JSON has as many bytes as json_bytes allows", async () => {
    await start({ jsonBytes: 2000 });

    const taken = await post("get", jsonOf(2000));
    const refused = await post("get", jsonOf(2001));

    expect(taken.status).toBe(200);
    expectRefusal(refused, 413, "json_bytes");
    expect(prism.plugin.calls).toHaveLength(1);
  });

  test("a body in JSON has no more bytes than message_bytes allows either", async () => {
    await start({ jsonBytes: 2000, messageBytes: 1000 });

    expectRefusal(await post("get", jsonOf(1500)), 413, "message_bytes");
  });

  test("an answer in JSON is of a message with as many bytes as json_bytes allows", async () => {
    await start({ jsonBytes: 2000 });
    prism.plugin.answer = (call) => answerGet(call, { found: true, value: Buffer.alloc(2001) });

    expectRefusal(await post("get", jsonOf(100)), 422, "json_bytes");
    expect([prism.counted("get", "OK"), prism.counted("get", "RESOURCE_EXHAUSTED")]).toEqual([0, 1]);
    expect(prism.ledger()).toMatchObject({ started: 1, failed: 1 });
  });

  test("a line of a stream has as many bytes as json_line_bytes allows", async () => {
    await start({ jsonLineBytes: 2000 });
    prism.plugin.answer = ({ stream }) => {
      stream.sendHeaders(replyHead, false);
      stream.sendHeaders(replyOk, true);
    };

    const taken = await post("watch", `${lineOf(2000)}\n`, lines);
    const refused = await post("watch", `${lineOf(2001)}\n`, lines);

    expect(taken.status).toBe(200);
    expectRefusal(refused, 413, "json_line_bytes");
  });

  test("a plugin's message in a stream has as many bytes as json_line_bytes allows", async () => {
    await start({ jsonLineBytes: 2000 });
    const value = Buffer.alloc(2000);
    const response = create(StreamResponseSchema, { result: { case: "rawResult", value } });
    prism.plugin.answer = ({ stream }) => {
      stream.sendHeaders(replyHead, false);
      stream.sendData(framed(toBinary(StreamResponseSchema, response)), false);
      stream.sendHeaders(replyOk, true);
    };

    expectRefusal(await post("watch", lineOf(100)), 422, "json_line_bytes");
  });

  test("a value that does not tell its length has as many bytes as unannounced_bytes allows", async () => {
    await start({ unannouncedBytes: 2000 });
    const kept = keepValues(prism.plugin);
    const put = async (key: string, bytes: number): Promise<Answer> => {
      const { body, answer } = open(prism.port, { method: "PUT", path: kv + key });
      body.write(Buffer.alloc(bytes - 1));
      body.end(Buffer.alloc(1));
      const { body: answered, ...head } = await answer;
      return { ...head, body: await buffer(answered) };
    };

    const taken = await put("a", 2000);
    const refused = await put("b", 2001);

    expect(taken.status).toBe(204);
    expectRefusal(refused, 411, "unannounced_bytes");
    expect([...kept.keys()]).toEqual(["a"]);
  });

  test("bodies that are held whole have as many bytes together as http_held_bytes allows", async () => {
    await start({ httpHeldBytes: 2000 });
    const running = new Promise<ReceivedCall>((resolve) => (prism.plugin.answer = resolve));

    const first = post("get", jsonOf(1500));
    const call = await running;
    const second = await post("get", jsonOf(600));
    answerGet(call, { found: true, value: Buffer.from("v") });
    const taken = await first;
    prism.plugin.answer = (next) => answerGet(next, { found: true, value: Buffer.from("v") });
    const third = await post("get", jsonOf(600));

    expectRefusal(second, 429, "http_held_bytes");
    expect([taken.status, third.status]).toEqual([200, 200]);
  });
});

describe("over HTTP/1.1", () => {
  const dial = (): Socket => connect(prism.port, "127.0.0.1");

  test("a body earns a second by as many bytes as body_bytes_per_second says, and then comes too slowly", async () => {
    await start({ requestMs: 30, bodyBytesPerSecond: 1_000_000 });
    const socket = dial();
    let heard = "";
    socket.on("data", (bytes: Buffer) => (heard += bytes.toString()));

    const head = `POST ${operation}get HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n`;
    socket.write(`${head}\r\n${`"`.padEnd(60_000, "x")}`);
    await once(socket, "close");

    expect(heard).toMatch(/^HTTP\/1\.1 408/);
    expect(heard).toContain("each 1000000 bytes (server.limits.body_bytes_per_second)");
    expect(prism.plane.counters().refused).toEqual([{ peer: "client", reason: "request_ms", count: 1 }]);
  });

  test("a connection on which nothing is asked is closed when http1_idle_ms is over", async () => {
    await start({ http1IdleMs: 100 });
    const socket = dial();
    let heard = "";
    socket.on("data", (bytes: Buffer) => (heard += bytes.toString()));

    socket.write("GET /v1/namespaces HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(socket, "end");

    expect(heard).toMatch(/^HTTP\/1\.1 200/);
  });
});
