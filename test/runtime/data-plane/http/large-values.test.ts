import { request } from "node:http";
import { connect } from "node:http2";
import type { Readable, Writable } from "node:stream";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  GetResponseSchema,
  SetResponseSchema,
} from "../../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { ExecuteResponseSchema } from "../../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { framed, type ReceivedCall, replyHead, replyOk } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { settled } from "../sender.js";
import { answer } from "./key-value-stub.js";

const MiB = 1024 * 1024;
const total = 48 * MiB;
/** Windows, and the sockets' own buffers, which for TCP on one machine may be several MiB each. */
const bound = 24 * MiB;
const path = "/v1/namespaces/orders/kv/a";

let prism: Proxied;
beforeEach(async () => {
  prism = await Proxied.start();
});
afterEach(() => prism.stop());

/** A GET whose body nobody reads yet; resolves with it once its head is there. */
type Open = () => Promise<Readable>;
/** A PUT of `total` bytes: where to write them, and the status once it is answered. */
type Put = () => { readonly body: Writable; readonly status: Promise<number> };

const overHttp1: { readonly get: Open; readonly put: Put } = {
  get: () =>
    new Promise((resolve, reject) => {
      request({ port: prism.port, path, agent: false }, resolve).on("error", reject).end();
    }),
  put: () => {
    const headers = { "content-length": total };
    const body = request({ port: prism.port, path, method: "PUT", headers, agent: false });
    const status = new Promise<number>((resolve, reject) => {
      body.on("error", reject).on("response", (response) => resolve(response.resume().statusCode ?? 0));
    });
    return { body, status };
  },
};

const overHttp2: { readonly get: Open; readonly put: Put } = {
  get: () => {
    const session = connect(`http://127.0.0.1:${prism.port}`);
    const stream = session.request({ ":path": path });
    stream.once("close", () => session.destroy());
    return new Promise((resolve, reject) => stream.on("response", () => resolve(stream)).on("error", reject));
  },
  put: () => {
    const session = connect(`http://127.0.0.1:${prism.port}`);
    const body = session.request({ ":path": path, ":method": "PUT", "content-length": total });
    body.once("close", () => session.destroy());
    const status = new Promise<number>((resolve, reject) => {
      body.on("error", reject).on("response", (fields) => {
        body.resume();
        resolve(Number(fields[":status"]));
      });
    });
    return { body, status };
  },
};

/** Sends `total` bytes piece by piece, and tells how many have been taken. */
function pour(body: Writable): { readonly taken: () => number } {
  const piece = Buffer.alloc(64 * 1024);
  let taken = 0;
  const more = (): void => {
    taken += piece.length;
    if (taken < total) body.write(piece, more);
    else body.end();
  };
  body.write(piece, more);
  return { taken: () => taken };
}

/** What a plugin answers to `get` whose value is that large. */
const whole = framed(
  toBinary(
    ExecuteResponseSchema,
    create(ExecuteResponseSchema, {
      success: true,
      result: {
        case: "typedResult",
        value: anyPack(
          GetResponseSchema,
          create(GetResponseSchema, { found: true, value: Buffer.alloc(total) }),
        ),
      },
    }),
  ),
);

/** Answers a `get` with `total` bytes as they drain, and tells how many have gone. */
function answerSlowly(): { readonly sent: () => number } {
  let at = 0;
  const more = ({ stream }: ReceivedCall): void => {
    while (at < whole.length && stream.queuedBytes < 256 * 1024 && !stream.sendClosed) {
      stream.sendData(whole.subarray(at, (at += 64 * 1024)), false);
      if (at >= whole.length) stream.sendHeaders(replyOk, true);
    }
  };
  prism.plugin.answer = (call) => {
    call.stream.sendHeaders(replyHead, false);
    more(call);
  };
  prism.plugin.onDrain = more;
  return { sent: () => at };
}

describe.each([
  ["HTTP/1.1", overHttp1],
  ["HTTP/2", overHttp2],
])("a large value over %s", (_carrier, { get, put }) => {
  test("comes as fast as the client reads, and no faster from the plugin", async () => {
    const { sent } = answerSlowly();
    const body = await get();

    const sentAtFirst = await settled(prism.port, sent);
    let read = 0;
    for await (const chunk of body) read += (chunk as Buffer).length;

    expect(sentAtFirst).toBeLessThan(bound);
    expect(read).toBe(total);
    expect(prism.counted("get", "OK")).toBe(1);
  });

  test("goes as fast as the plugin takes it, and no faster from the client", async () => {
    const { plugin } = prism;
    plugin.keeps = plugin.credits = false;
    plugin.answer = (call) => answer(call, SetResponseSchema, {});
    const next = plugin.nextCall();

    const { body, status } = put();
    const { taken } = pour(body);
    const received = await next;
    const takenAtFirst = await settled(prism.port, taken);
    plugin.credits = true;
    received.stream.credit(received.received);

    expect(takenAtFirst).toBeLessThan(bound);
    expect(await status).toBe(204);
    expect(received.received).toBeGreaterThan(total);
  });

  test("whose plugin dies midway is broken off, so that the client sees that it is not whole", async () => {
    const { sent } = answerSlowly();
    const body = await get();
    await settled(prism.port, sent);

    await prism.plugin.die();

    await expect(body.toArray()).rejects.toThrow();
  });

  test("that nobody waits for any more is not read from the plugin either", async () => {
    answerSlowly();
    const next = prism.plugin.nextCall();
    const body = await get();
    const received = await next;

    body.destroy();

    expect(await received.closed).toBe(8);
    expect(prism.counted("get", "CANCELLED")).toBe(1);
  });

  test("whose call is over early is answered, though the body goes on", async () => {
    const next = prism.plugin.nextCall();
    const { body, status } = put();
    body.write("half");
    const received = await next;

    received.stream.reset(7);

    expect(await status).toBe(503);
  });
});
