import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Flag, FrameType } from "../../../src/wire/frame.js";
import { carriers } from "../../runtime/data-plane/http/ask.js";
import type { Outgoing, RawPeer } from "../../wire/raw-peer.js";
import { Siege } from "./siege.js";

const greeter = new URL("../../fixtures/plugins/greets.js", import.meta.url).pathname;
const yaml = `namespaces:
  - { name: default, backend: memory, plugin: { type: in_process } }
  - { name: greeter, backend: greeter, plugin: { command: ["${process.execPath}", "${greeter}"] } }
`;

const openHttp2 = carriers[1][2];

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin({ yaml });
});
afterAll(() => siege.end());

const json = { "content-type": "application/json" };
const lines = { "content-type": "application/x-ndjson" };
const events = { ...lines, accept: "text/event-stream" };

interface Posted {
  readonly status: number;
  readonly body: string;
}

/** Posts a body over HTTP/2, without telling its length: windows hold back what nobody reads any more. */
async function post(
  operation: string,
  body: string,
  headers: Readonly<Record<string, string>> = json,
): Promise<Posted> {
  const asked = openHttp2(siege.port, { method: "POST", path: `/v1/namespaces/${operation}`, headers });
  asked.body.end(body);
  const { status, body: answered } = await asked.answer;
  return { status, body: await text(answered) };
}

/** So many at once, again and again. */
async function again(times: number, ask: () => Promise<void>): Promise<void> {
  for (let i = 0; i < times; i++) await Promise.all([ask(), ask(), ask()]);
}

const list = (length: number, entry: (index: number) => string): string =>
  Array.from({ length }, (_, i) => entry(i)).join();
const values = 24_900;
const frameBytes = 16 * 1024;
/** As much as a stream's window takes, nearly. */
const sentBytes = 30 * frameBytes;

describe("JSON that costs too much is refused while it comes, and the neighbour's calls are answered:", () => {
  test.each([
    ["digits without end", "json_digits", `{"delta":${"9".repeat(sentBytes)}`],
    ["keys without end", "json_values", `{${list(sentBytes / 10, (i) => `"k${i}":1`)}`],
    ["[ without end", "json_depth", "[".repeat(sentBytes)],
    ["entries without end", "json_values", `{"keys":[${"1,".repeat(sentBytes / 2)}`],
  ])("%s, by %s", async (what, limit, body) => {
    await siege.withstand({
      what,
      run: async () => {
        const peer = siege.peer();
        await peer.settled();
        for (let stream = 1; stream < 40; stream += 2) {
          peer.send(openingPost(peer, stream, "default/increment"));
          for (let at = 0; at < sentBytes; at += frameBytes)
            peer.send({
              type: FrameType.DATA,
              stream,
              payload: Buffer.from(body.slice(at, at + frameBytes)),
            });

          const told = await peer.heard((frame) => frame.type === FrameType.DATA && frame.stream === stream);
          expect(told.payload.toString()).toContain(`server.limits.${limit}`);
        }
      },
    });
  });

  test("digits without end in a text, by json_digits", async () => {
    const tooMany = `{"delta":"${"9".repeat(3_000_000)}"}`;

    await siege.withstand({
      what: "digits in a text, as many as json_bytes allows",
      run: () =>
        again(3, async () => {
          const refused = await post("default/increment", tooMany);

          expect(refused).toEqual({ status: 413, body: expect.stringContaining("json_digits") as string });
        }),
    });
  });
});

describe("JSON that costs as much as it may is taken, and the neighbour's calls are answered meanwhile:", () => {
  test.each([
    [
      "pairs",
      "default/mset",
      `{"pairs":[${list(values / 3, (i) => `{"key":"k${i % 100}","value":"aGk="}`)}]}`,
      200,
    ],
    ["keys of a map", "greeter/greet", `{"metadata":{${list(values, (i) => `"k${i}":"v"`)}}}`, 200],
    ["keys of an object", "greeter/greet", typed(`{"a":{${list(values - 10, (i) => `"k${i}":1`)}}}`), 400],
    ["empty lists", "greeter/greet", typed(`{"a":[${list(values - 10, () => "[]")}]}`), 400],
    ["deep params", "greeter/greet", typed(`{"a":${"[".repeat(90)}${"]".repeat(90)}}`), 400],
    ["escapes", "default/get", `{"key":"${"\\u0041".repeat(680_000)}"}`, 400],
  ])("%s", async (what, operation, body, status) => {
    await siege.withstand({
      what,
      // On a slow machine each of the requests has a turn of its own in which its message is built.
      longTurns: 8,
      run: () => again(3, async () => expect((await post(operation, body)).status).toBe(status)),
    });
  });

  test.each([
    ["lines", lines],
    ["lines that are answered by server-sent events", events],
  ])("%s", async (what, headers) => {
    const body = "{}\n".repeat(50_000);

    await siege.withstand({
      what,
      run: async () => {
        const answered = await post("greeter/greet_all", `{"rawParams":"QW5u"}\n${body}`, headers);

        expect(answered.status).toBe(200);
        expect(answered.body).toContain("SGVsbG8sIEFubiE=");
      },
    });
  });

  test("lines with nothing in them", () =>
    siege.withstand({
      what: "3 million empty lines",
      run: async () => {
        expect((await post("greeter/greet_all", "\n".repeat(3_000_000), lines)).status).toBe(200);
      },
    }));

  test("a line that costs too much", () =>
    siege.withstand({
      what: "a line of keys, behind one that is good",
      run: async () => {
        const line = `{${list(100_000, (i) => `"k${i}":1`)}}`;
        const refused = await post("greeter/greet_all", `{"rawParams":"QW5u"}\n${line}\n`, lines);

        expect(refused.body).toContain("server.limits.json_values");
      },
    }));
});

/** HEADERS that begin a POST of JSON. */
function openingPost(peer: RawPeer, stream: number, operation: string): Outgoing {
  const path = `/v1/namespaces/${operation}`;
  const pseudo = [":method", "POST", ":scheme", "http", ":path", path, ":authority", "127.0.0.1"];
  const payload = peer.block([...pseudo, "content-type", "application/json"]);
  return { type: FrameType.HEADERS, flags: Flag.END_HEADERS, stream, payload };
}

/** Parameters of a plugin's own operation, as a google.protobuf.Struct: the greeter takes bytes, and refuses them once they are read. */
function typed(struct: string): string {
  return `{"typedParams":{"@type":"type.googleapis.com/google.protobuf.Struct","value":${struct}}}`;
}
