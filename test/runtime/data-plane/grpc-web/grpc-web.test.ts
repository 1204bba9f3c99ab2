import { once } from "node:events";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ErrorInfoSchema } from "../../../../src/protocol/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../../../../src/protocol/gen/google/rpc/status_pb.js";
import {
  GetRequestSchema,
  GetResponseSchema,
} from "../../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { HeaderList } from "../../../../src/wire/index.js";
import { answerGet, answerWith, framed, replyHead, replyOk } from "../plugin-stub.js";
import { Proxied } from "../proxied.js";
import { path } from "../raw-client.js";
import { Sender, settled } from "../sender.js";
import { fromText, readAnswer, versions, WebClient } from "./web-client.js";

const MiB = 1024 * 1024;
const invoices = "acme.billing.v1.Invoices";
const getMessage = framed(toBinary(GetRequestSchema, create(GetRequestSchema, { key: "k" })));
const binary = { "content-type": "application/grpc-web+proto", "prism-namespace": "orders" };
const text = { "content-type": "application/grpc-web-text", "prism-namespace": "orders" };
const forms = [
  { form: "binary", headers: binary, write: (bytes: Buffer) => bytes, read: (body: Buffer) => body },
  { form: "text", headers: text, write: toText, read: fromText },
];

function toText(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("base64"));
}

/** The bytes in pieces of a size. */
function cut(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

describe.each(versions)("gRPC-Web over %s", (version) => {
  let prism: Proxied;
  let client: WebClient;
  beforeEach(async () => {
    prism = await Proxied.start({ route: { services: [invoices] } });
    client = new WebClient(version, prism.port);
  });
  afterEach(async () => {
    await client.close();
    await prism.stop();
  });

  describe.each(forms)("in $form", ({ headers, write, read }) => {
    test.each([1, 2, 3, 7, 1000])("carries a call that comes %i bytes at a time", async (size) => {
      const pieces = cut(write(getMessage), size);

      const answer = await client.ask({ path: path.get, headers, pieces });

      const { messages, trailers } = readAnswer(read(answer.body));
      const values = messages.map((message) => fromBinary(GetResponseSchema, message).value);
      expect(answer.status).toBe(200);
      expect(answer.headers["content-type"]).toBe(`${headers["content-type"].replace(/\+proto/, "")}+proto`);
      expect(values.map((value) => Buffer.from(value).toString())).toEqual(["v"]);
      expect(trailers).toEqual({ "grpc-status": "0" });
      expect(prism.counted("get", "OK")).toBe(1);
      expect(prism.ledger()).toEqual({ started: 1, completed: 1, failed: 0, cut: 0 });
    });

    test("streams answers as they come, and tells behind them how it ended", async () => {
      prism.plugin.answer = () => undefined;
      const next = prism.plugin.nextCall();
      const exchange = client.open({ path: path.stream, headers });
      exchange.request.end(write(framed(Buffer.from("begin"))));
      const { stream } = await next;
      const received: Buffer[] = [];

      stream.sendHeaders(replyHead, false);
      const body = await exchange.body;
      for (const word of ["one", "two", "three"]) {
        stream.sendData(framed(Buffer.from(word)), false);
        received.push(...((await once(body, "data")) as [Buffer]));
      }
      stream.sendHeaders(new HeaderList(["grpc-status", "3", "grpc-message", "that%20is%20all"]), true);
      body.on("data", (chunk: Buffer) => received.push(chunk));
      await once(body, "end");

      const { messages, trailers } = readAnswer(read(Buffer.concat(received)));
      expect(messages.map(String)).toEqual(["one", "two", "three"]);
      expect(trailers).toEqual({ "grpc-status": "3", "grpc-message": "that%20is%20all" });
    });

    test("carries large messages both ways", async () => {
      const value = Buffer.alloc(2 * MiB, "x");
      prism.plugin.answer = (call) =>
        answerGet(call, { found: true, value: call.framed.subarray(-value.length) });
      const message = Buffer.concat([Buffer.from([10, ...[0x80, 0x80, 0x80, 0x01]]), value]);

      const answer = await client.ask({
        path: path.get,
        headers,
        pieces: cut(write(framed(message)), 100_000),
      });

      const { messages, trailers } = readAnswer(read(answer.body));
      expect(messages.map(({ length }) => length)).toEqual([2 + 1 + 4 + value.length]);
      expect(trailers).toEqual({ "grpc-status": "0" });
    });

    test("makes a reader that is slow stop the plugin, and gives it all when it reads on", async () => {
      const total = 32 * MiB;
      const sender = new Sender(total);
      prism.plugin.answer = () => undefined;
      prism.plugin.onCall = ({ stream }) => {
        stream.sendHeaders(replyHead, false);
        sender.more(stream);
      };
      prism.plugin.onDrain = ({ stream }) => sender.more(stream);

      const exchange = client.open({ path: path.stream, headers });
      exchange.request.end(write(framed(Buffer.from("x"))));
      const body = await exchange.body;
      const sentAtFirst = await settled(prism.port, () => sender.sent);
      let length = 0;
      for await (const chunk of body) length += (chunk as Buffer).length;

      // The windows, and what the sockets of both ends hold.
      expect(sentAtFirst).toBeLessThan(20 * MiB);
      expect(length).toBeGreaterThan(total);
      expect(prism.ledger()).toMatchObject({ started: 1, completed: 1 });
    });

    test("stops a client whose plugin takes no more", async () => {
      prism.plugin.keeps = prism.plugin.credits = false;
      const next = prism.plugin.nextCall();
      const exchange = client.open({ path: path.stream, headers });
      exchange.head.catch(() => undefined);
      const piece = Buffer.alloc(MiB / 4, "AAAA");
      let taken = 0;
      const send = (reason?: Error | null): void => {
        if (reason || taken === 40 * MiB) return;
        exchange.request.write(piece, send);
        taken += piece.length;
      };
      send();
      const received = await next;

      const takenAtFirst = await settled(prism.port, () => taken);
      const receivedAtFirst = received.received;
      exchange.leave();
      prism.plugin.credits = true;
      received.stream.credit(receivedAtFirst);

      // The windows, and what the sockets of both ends hold.
      expect(takenAtFirst).toBeLessThan(20 * MiB);
      expect(receivedAtFirst).toBeLessThan(2 * MiB);
      expect(await received.closed).toBe(8);
    });

    test("cancels the call of a page that leaves", async () => {
      prism.plugin.answer = () => undefined;
      const next = prism.plugin.nextCall();
      const exchange = client.open({ path: path.get, headers });
      exchange.request.end(write(getMessage));
      const received = await next;

      exchange.leave();

      expect(await received.closed).toBe(8);
      expect(prism.counted("get", "CANCELLED")).toBe(1);
      expect(prism.plane.counters().inFlight).toBe(0);
    });

    test.each([
      ["has no message", Buffer.alloc(0), "3"],
      ["ends within a length", Buffer.from([0, 0, 0]), "13"],
      ["claims 4 GiB", Buffer.from([0, 255, 255, 255, 255, 1]), "8"],
      ["claims more than there is", Buffer.from([0, 0, 0, 0, 9, 10, 1, 107]), "13"],
      ["has more than it claims", Buffer.concat([getMessage, getMessage]), "3"],
      ["passes for compressed", Buffer.from([1, 0, 0, 0, 0]), "13"],
      ["passes for trailers", Buffer.from([0x80, 0, 0, 0, 0]), "13"],
    ])("refuses a body that %s", async (_lie, body, status) => {
      const refused = await client.ask({ path: path.get, headers, pieces: [write(body)] });
      const answered = await client.ask({ path: path.get, headers, pieces: [write(getMessage)] });

      expect([refused.status, refused.headers["grpc-status"]]).toEqual([200, status]);
      expect(readAnswer(read(answered.body)).trailers).toEqual({ "grpc-status": "0" });
    });
  });

  test.each(["AAAAAAI", "AAAAAAIKAW=s", "\0\0\0\0\x03\n\x01k", "AAAA AAMKAWs=", "AAAAAAMKAWs=="])(
    "refuses text that is no base64: %j",
    async (broken) => {
      const refused = await client.ask({ path: path.get, headers: text, pieces: [Buffer.from(broken)] });
      const answered = await client.ask({ path: path.get, headers: text, pieces: [toText(getMessage)] });

      expect(refused.headers["grpc-status"]).toBe("3");
      expect(decodeURIComponent(String(refused.headers["grpc-message"]))).toContain("no base64");
      expect(readAnswer(fromText(answered.body)).trailers).toEqual({ "grpc-status": "0" });
      expect(prism.plane.counters().inFlight).toBe(0);
    },
  );

  test("tells behind the messages that the rest of the text is no base64", async () => {
    prism.plugin.answer = () => undefined;
    prism.plugin.onCall = ({ stream }) => stream.sendHeaders(replyHead, false);
    const exchange = client.open({ path: path.stream, headers: text });
    exchange.request.write(toText(framed(Buffer.from("x"))));
    const body = await exchange.body;

    exchange.request.write("!");
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);

    expect(readAnswer(fromText(Buffer.concat(chunks))).trailers).toMatchObject({ "grpc-status": "3" });
    expect(await prism.plugin.calls[0]?.closed).toBe(8);
  });

  test("takes text whose pieces are padded each on its own", async () => {
    const pieces = cut(getMessage, 4).map((piece) => toText(piece));

    const answer = await client.ask({ path: path.get, headers: text, pieces });

    expect(readAnswer(fromText(answer.body)).trailers).toEqual({ "grpc-status": "0" });
  });

  test("answers in the form that is accepted, where that is another than the request's", async () => {
    const headers = { ...binary, accept: "application/grpc-web-text" };

    const answer = await client.ask({ path: path.get, headers, pieces: [getMessage] });

    expect(readAnswer(fromText(answer.body)).trailers).toEqual({ "grpc-status": "0" });
  });

  test("tells a failure before the first message in the head, with its details", async () => {
    prism.plugin.answer = (call) => answerWith(call, { success: false, error: "no number", errorCode: 9 });

    const answer = await client.ask({ path: path.get, headers: binary, pieces: [getMessage] });

    const { headers } = answer;
    expect([answer.status, headers["grpc-status"], headers["grpc-message"]]).toEqual([200, "9", "no number"]);
    expect(answer.body).toHaveLength(0);
    const details = Buffer.from(String(headers["grpc-status-details-bin"]), "base64");
    const [detail] = fromBinary(StatusSchema, details).details;
    const info = detail && anyUnpack(detail, ErrorInfoSchema);
    expect(info?.metadata).toEqual({ namespace: "orders", operation: "get" });
  });

  test("refuses by the head alone what gRPC refuses by it", async () => {
    const unknown = await client.ask({ path: path.get, headers: { ...binary, "prism-namespace": "oders" } });
    const noMethod = await client.ask({ path: "/nonsense", headers: text });

    expect(unknown.headers["grpc-status"]).toBe("5");
    expect(decodeURIComponent(String(unknown.headers["grpc-message"]))).toContain('did you mean "orders"?');
    expect(noMethod.headers["grpc-status"]).toBe("12");
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("ends a call whose deadline has passed", async () => {
    prism.plugin.answer = () => undefined;

    const late = await client.ask({
      path: path.get,
      headers: { ...binary, "grpc-timeout": "20m" },
      pieces: [getMessage],
    });

    expect(late.headers["grpc-status"]).toBe("4");
    expect(prism.counted("get", "DEADLINE_EXCEEDED")).toBe(1);
  });

  test("passes the metadata of a plugin's own service, and nothing of the page", async () => {
    prism.plugin.answer = ({ stream }) => {
      stream.sendHeaders(new HeaderList([...replyHead.fields, "x-initial", "1", "blob-bin", "AP8"]), false);
      stream.sendHeaders(new HeaderList(["grpc-status", "0", "x-trailing", "2"]), true);
    };
    const metadata = { "x-tag": "a", "trace-bin": "AAEC/w", "x-user-agent": "page/1" };
    const ofPage = { cookie: "a=b", origin: "https://app.example.com", referer: "https://app.example.com/x" };
    const headers = { ...binary, ...metadata, ...ofPage, "sec-fetch-site": "same-origin", "x-grpc-web": "1" };

    const answer = await client.ask({ path: `/${invoices}/Pay`, headers, pieces: [framed(Buffer.alloc(0))] });

    const told = prism.plugin.calls[0]?.headers;
    for (const [name, value] of Object.entries(metadata)) expect(told?.get(name)).toBe(value);
    for (const name of [...Object.keys(ofPage), "sec-fetch-site", "x-grpc-web"])
      expect(told?.get(name)).toBeUndefined();
    expect(told?.get("content-type")).toBe("application/grpc+proto");
    expect(answer.headers).toMatchObject({ "x-initial": "1", "blob-bin": "AP8" });
    expect(readAnswer(answer.body).trailers).toEqual({ "grpc-status": "0", "x-trailing": "2" });
  });

  test("lets no plugin tell the browser what holds beyond its answer", async () => {
    const names = ["set-cookie", "clear-site-data", "content-length", "content-encoding", "refresh", "link"];
    const newer = ["speculation-rules", "content-security-policy", "location", "etag", "use-as-dictionary"];
    const proxies = ["x-frame-options", "x-accel-redirect", "x-content-security-policy", "sourcemap"];
    const odd = [...names, ...newer, ...proxies].flatMap((name) => [name, "9"]);
    const cors = ["access-control-allow-origin", "*"];
    prism.plugin.answer = ({ stream }) => {
      stream.sendHeaders(
        new HeaderList([
          ...replyHead.fields,
          ...odd,
          ...cors,
          ...["x-content-type-options", "sniff", "x-odd", "\x01"],
        ]),
        false,
      );
      stream.sendData(framed(Buffer.from("paid")), false);
      stream.sendHeaders(replyOk, true);
    };

    const answer = await client.ask({
      path: `/${invoices}/Pay`,
      headers: binary,
      pieces: [framed(Buffer.alloc(0))],
    });

    expect(readAnswer(answer.body).trailers).toEqual({ "grpc-status": "0" });
    for (const name of [...names, ...newer, ...proxies, cors[0] ?? ""])
      expect(answer.headers[name], name).toBeUndefined();
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  });

  test("is POST alone", async () => {
    const answer = await client.ask({ method: "PUT", path: path.get, headers: binary });

    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(prism.plugin.calls).toHaveLength(0);
  });
});
