import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { anyPack, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type StreamRequest,
  StreamRequestSchema,
  StreamResponseSchema,
} from "../../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { failureTrailers } from "../../../../src/runtime/data-plane/common/refusal.js";
import { PrismError } from "../../../../src/protocol/index.js";
import { MessageReader } from "../../../../src/wire/index.js";
import { framed, type ReceivedCall, replyHead, replyOk } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { settled } from "../sender.js";
import { type Asked, carriers } from "./ask.js";

const json = { "content-type": "application/json" };
const lines = { "content-type": "application/x-ndjson" };
const path = "/v1/namespaces/orders/watch";
const watch: Asked = { method: "POST", path, body: '{"rawParams":"aGk="}', headers: json };

let prism: Proxied;
beforeEach(async () => {
  prism = await Proxied.start({
    route: { operations: [{ name: "watch", streaming: true }, { name: "get" }] },
  });
});
afterEach(() => prism.stop());

/** The messages that a call's stream has brought so far. */
function requestsOf(call: ReceivedCall | undefined): StreamRequest[] {
  return new MessageReader()
    .push(call?.framed ?? Buffer.alloc(0))
    .map((message) => fromBinary(StreamRequestSchema, message));
}

function say(call: ReceivedCall, ...messages: MessageInitShape<typeof StreamResponseSchema>[]): void {
  for (const message of messages)
    call.stream.sendData(
      framed(toBinary(StreamResponseSchema, create(StreamResponseSchema, message))),
      false,
    );
}

const raw = (text: string): MessageInitShape<typeof StreamResponseSchema> => ({
  result: { case: "rawResult", value: Buffer.from(text) },
});
const typed: MessageInitShape<typeof StreamResponseSchema> = {
  result: {
    case: "typedResult",
    value: anyPack(StringValueSchema, create(StringValueSchema, { value: "typed" })),
  },
};
const asJson = (text: string): unknown => ({ rawResult: Buffer.from(text).toString("base64") });

/** The lines of a body as they come, each as JSON. */
async function* linesIn(body: Readable): AsyncGenerator {
  for await (const line of createInterface({ input: body })) yield JSON.parse(line);
}

describe.each(carriers)("a streaming operation over %s", (_carrier, ask, open) => {
  test("takes one message as JSON and answers a line for each message", async () => {
    prism.plugin.answer = (call) => {
      call.stream.sendHeaders(replyHead, false);
      say(call, raw("one"), typed, { isFinal: true });
      call.stream.sendHeaders(replyOk, true);
    };

    const { status, headers, body } = await ask(prism.port, watch);

    expect([status, headers["content-type"]]).toEqual([200, "application/x-ndjson"]);
    expect(
      body
        .toString()
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      asJson("one"),
      { typedResult: { "@type": "type.googleapis.com/google.protobuf.StringValue", value: "typed" } },
      { isFinal: true },
    ]);
    const [first, ...more] = requestsOf(prism.plugin.calls[0]);
    expect(first).toMatchObject({ operation: "watch", params: { case: "rawParams" } });
    expect(more).toEqual([]);
  });

  test("answers server-sent events when they are asked for", async () => {
    prism.plugin.answer = (call) => {
      call.stream.sendHeaders(replyHead, false);
      say(call, raw("one"), raw("two"));
      call.stream.sendHeaders(replyOk, true);
    };

    const accept = "text/html, text/event-stream;q=0.9";
    const { headers, body } = await ask(prism.port, { ...watch, headers: { ...json, accept } });

    expect(headers["content-type"]).toBe("text/event-stream");
    expect(body.toString()).toBe('data: {"rawResult":"b25l"}\n\ndata: {"rawResult":"dHdv"}\n\n');
  });

  test("passes lines both ways as they come", async () => {
    let told = 0;
    prism.plugin.onData = (call) => {
      if (requestsOf(call).length === told) return;
      if (told++ === 0) call.stream.sendHeaders(replyHead, false);
      say(call, raw(`heard ${told}`));
    };
    prism.plugin.answer = (call) => call.stream.sendHeaders(replyOk, true);
    const { body, answer } = open(prism.port, { ...watch, headers: lines });
    const heard: unknown[] = [];

    body.write('{"rawParams":"aGk="}\n');
    for await (const line of linesIn((await answer).body)) {
      heard.push(line);
      if (heard.length < 3) body.write('\n{"rawParams":"aGk="}\r\n');
      else body.end();
    }

    expect(heard).toEqual([asJson("heard 1"), asJson("heard 2"), asJson("heard 3")]);
    expect(requestsOf(prism.plugin.calls[0]).map(({ operation }) => operation)).toEqual(["watch", "", ""]);
  });

  test("that fails at once is told by its HTTP status", async () => {
    const failure = failureTrailers(new PrismError("operationFailed", "no such topic", { code: 5 }));
    prism.plugin.answer = (call) => {
      call.stream.sendHeaders(replyHead, false);
      call.stream.sendHeaders(failure, true);
    };

    const { status, body } = await ask(prism.port, watch);

    expect(status).toBe(404);
    expect(JSON.parse(body.toString())).toMatchObject({ code: 5, message: "no such topic" });
  });

  test("that fails later is told by a last line", async () => {
    const failure = failureTrailers(new PrismError("operationFailed", "the topic is gone", { code: 5 }));
    prism.plugin.answer = (call) => {
      call.stream.sendHeaders(replyHead, false);
      say(call, raw("one"));
      call.stream.sendHeaders(failure, true);
    };

    const { status, body } = await ask(prism.port, watch);

    const [first, last, ...more] = body.toString().trimEnd().split("\n");
    expect([status, JSON.parse(first ?? "")]).toEqual([200, asJson("one")]);
    expect(JSON.parse(last ?? "")).toMatchObject({ error: { code: 5, message: "the topic is gone" } });
    expect(more).toEqual([]);
  });

  test("that says nothing for a while has its head all the same", async () => {
    const begun = new Promise<ReceivedCall>((resolve) => (prism.plugin.answer = resolve));
    const { body, answer } = open(prism.port, watch);
    body.end(watch.body);
    const call = await begun;
    call.stream.sendHeaders(replyHead, false);

    const { status, body: answered } = await answer;
    say(call, raw("late"));
    call.stream.sendHeaders(replyOk, true);

    expect(status).toBe(200);
    expect(await linesIn(answered).next()).toMatchObject({ value: asJson("late") });
  });

  test("that the client leaves is cancelled", async () => {
    const begun = new Promise<ReceivedCall>((resolve) => (prism.plugin.answer = resolve));
    const { body, answer } = open(prism.port, watch);
    body.end(watch.body);
    const call = await begun;
    call.stream.sendHeaders(replyHead, false);
    say(call, raw("one"));
    const { body: answered } = await answer;

    answered.destroy();

    expect(await call.closed).toBe(8);
    expect(prism.plane.counters().inFlight).toBe(0);
  });

  test("is read no faster from the plugin than the client takes it", async () => {
    const total = 1000;
    let sent = 0;
    const more = (call: ReceivedCall): void => {
      while (sent < total && call.stream.queuedBytes < 256 * 1024 && !call.stream.sendClosed) {
        say(call, raw("x".repeat(48 * 1024)));
        sent++;
      }
      if (sent === total) call.stream.sendHeaders(replyOk, true);
    };
    prism.plugin.answer = (call) => {
      call.stream.sendHeaders(replyHead, false);
      more(call);
    };
    prism.plugin.onDrain = more;
    const { body, answer } = open(prism.port, watch);
    body.end(watch.body);
    const { body: answered } = await answer;

    const sentAtFirst = await settled(prism.port, () => sent);
    let read = 0;
    for await (const line of linesIn(answered)) if (line) read++;

    expect(sentAtFirst).toBeLessThan(total / 2);
    expect(read).toBe(total);
  });

  test("with a line that is none ends with that, and the plugin's call is cancelled", async () => {
    prism.plugin.onData = (call) => {
      if (requestsOf(call).length === 1) call.stream.sendHeaders(replyHead, false);
      say(call, raw("one"));
      prism.plugin.onData = undefined;
    };
    const { body, answer } = open(prism.port, { ...watch, headers: lines });
    const heard: unknown[] = [];

    body.write('{"rawParams":"aGk="}\n');
    for await (const line of linesIn((await answer).body)) {
      heard.push(line);
      if (heard.length === 1) body.write('{"nonsense":1}\n');
    }

    expect(heard).toMatchObject([asJson("one"), { error: { code: 3 } }]);
    expect(await prism.plugin.calls[0]?.closed).toBe(8);
  });

  test.each([
    ["no JSON", json, "hi", 400],
    ["another operation", json, '{"operation":"get"}', 400],
    ["no base64", json, '{"rawParams":"%"}', 400],
    ["text", { "content-type": "text/plain" }, "{}", 415],
    ["an answer in XML", { ...json, accept: "application/xml" }, "{}", 406],
    ["a line too long", lines, `{"rawParams":"${"x".repeat(4 * 1024 * 1024)}"}`, 413],
  ])("that is asked with %s is refused before it begins", async (_what, headers, body, status) => {
    const refused = await ask(prism.port, { ...watch, headers, body });

    expect(refused.status).toBe(status);
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("that the plugin does not serve is refused by name, and one that is misspelt with the one that was meant", async () => {
    const refused = await ask(prism.port, { ...watch, path: "/v1/namespaces/orders/listen" });
    const misspelt = await ask(prism.port, { ...watch, path: "/v1/namespaces/orders/wacth" });

    expect(refused.status).toBe(501);
    expect(refused.body.toString()).toMatch(/it serves watch, get"/);
    expect(misspelt.body.toString()).toContain('; did you mean \\"watch\\"?"');
  });
});
