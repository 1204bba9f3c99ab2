import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ErrorCode } from "../../../src/wire/error-code.js";
import { Flag, FrameType } from "../../../src/wire/frame.js";
import { rawClient, type RawPeer } from "../../wire/raw-peer.js";
import { Proxied } from "./proxied.js";
import { path } from "./raw-client.js";

const { DATA, HEADERS } = FrameType;
const { END_HEADERS, END_STREAM } = Flag;
const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/** GetRequest{key: "k"} as a gRPC message. */
const getRequest = Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x6b]);

let prism: Proxied;
let peer: RawPeer;
beforeEach(async () => {
  prism = await Proxied.start();
  peer = rawClient(prism.port);
});
afterEach(async () => {
  peer.socket.destroy();
  await prism.stop();
});

const pseudo = [":method", "POST", ":scheme", "http", ":path", path.get, ":authority", "a"];
const grpc = ["content-type", "application/grpc", "te", "trailers", "prism-namespace", "orders"];

/** Makes a call with exactly these fields. */
function call(fields: readonly string[], stream = 1): void {
  const block = peer.block(fields);
  peer.send(
    { type: HEADERS, flags: END_HEADERS, stream, payload: block },
    { type: DATA, flags: END_STREAM, stream, payload: getRequest },
  );
}

/** The text of the headers that end a stream; ours are not Huffman coded where that is no shorter. */
async function ended(stream = 1): Promise<void> {
  await peer.heard((frame) => frame.stream === stream && (frame.flags & END_STREAM) !== 0);
}

describe("a request whose pseudo-headers are odd is malformed and reaches no plugin:", () => {
  const odd: [string, readonly string[]][] = [
    [":path twice", [...pseudo, ":path", path.set, ...grpc]],
    [":method twice", [...pseudo, ":method", "POST", ...grpc]],
    [":authority twice", [...pseudo, ":authority", "b", ...grpc]],
    ["no :path", [...pseudo.slice(0, 4), ...grpc]],
    ["an empty :path", [...pseudo.slice(0, 4), ":path", "", ...grpc]],
    ["no :method", [...pseudo.slice(2), ...grpc]],
    [":path behind a field", [...pseudo.slice(0, 4), ...grpc, ":path", path.get]],
    ["an answer's :status", [...pseudo, ":status", "200", ...grpc]],
    ["a pseudo-header that nobody knows", [...pseudo, ":user", "root", ...grpc]],
    ["a name in upper case", [...pseudo, ...grpc, "Prism-Namespace", "carts"]],
    ["a name with a blank", [...pseudo, ...grpc, "prism-namespace ", "carts"]],
    ["a name with a line break", [...pseudo, ...grpc, "x\r\nprism-namespace", "carts"]],
    ["a value with CR and LF", [...pseudo, ...grpc, "x", "1\r\nprism-namespace: carts"]],
    ["a value with NUL", [...pseudo, ...grpc, "x", "1\0"]],
    ["transfer-encoding", [...pseudo, ...grpc, "transfer-encoding", "chunked"]],
    ["connection", [...pseudo, ...grpc, "connection", "prism-namespace"]],
    ["two content-lengths", [...pseudo, ...grpc, "content-length", "8", "content-length", "9"]],
    ["a content-length that is none", [...pseudo, ...grpc, "content-length", "+8"]],
    ["a content-length that lies", [...pseudo, ...grpc, "content-length", "7"]],
  ]; // prettier-ignore
  test.each(odd)("%s", async (_what, fields) => {
    call(fields);

    expect(await peer.reset(1)).toBe(ErrorCode.PROTOCOL_ERROR);
    expect(prism.plugin.calls.filter(({ ended: whole }) => whole)).toEqual([]);
  });
});

describe("a path is compared as it is, and what is near it is UNIMPLEMENTED:", () => {
  const near = [
    `/${path.get}`,
    path.get.slice(1),
    `${path.get}?x=1`,
    `${path.get}/`,
    `${path.get}#a`,
    path.get.replace("/Get", "/get"),
    path.get.replace("KeyValue/", "keyvalue/"),
    path.get.replace("Get", "%47et"),
    path.get.replace("/Get", "%2FGet"),
    path.get.replace("/Get", "//Get"),
    path.get.replace("/Get", "/./Get"),
    path.get.replace("/Get", "/x/../Get"),
    path.get.replace("/Get", "\\Get"),
    `${path.get}\u00a0`,
    `http://a${path.get}`,
  ];
  test.each(near)("%s", async (odd) => {
    call([...pseudo.slice(0, 4), ":path", odd, ...grpc]);
    await ended();

    expect(prism.plugin.calls).toEqual([]);
    expect(prism.counted("other", "UNIMPLEMENTED")).toBe(1);
  });
});

describe("metadata that tries to pass for Prism's own", () => {
  test("never reaches the plugin as who calls, in which namespace, or with which token", async () => {
    await prism.stop();
    prism = await Proxied.start({ token: "the real one" });
    peer = rawClient(prism.port);

    call([
      ...pseudo,
      ...grpc,
      "prism-principal",
      "root",
      "prism-plugin-token",
      "forged",
      "prism-error-code",
      "0",
      "prism-x",
      "1",
    ]);
    await ended();

    const [received] = prism.plugin.calls;
    const prismFields = (received?.headers.fields ?? []).filter((_, i, all) =>
      all[i - (i % 2)]?.startsWith("prism-"),
    );
    expect(prismFields).toEqual(["prism-plugin-token", "the real one", "prism-namespace", "orders"]);
    expect(received?.request.metadata).toEqual({ "prism-principal": "anonymous" });
  });

  test.each([
    ["namespaces", ["prism-namespace", "carts"]],
    ["traces", ["traceparent", trace, "traceparent", trace.replace("0af", "1af")]],
  ])("as two %s reaches no plugin", async (_what, more) => {
    call([...pseudo, ...grpc, ...more]);
    await ended();

    expect(prism.plugin.calls).toEqual([]);
  });

  test("as a trace that is none is no trace", async () => {
    call([...pseudo, ...grpc, "traceparent", `${trace}", "prism-principal": "root`]);
    await ended();

    expect(prism.plugin.calls[0]?.request.metadata).toEqual({ "prism-principal": "anonymous" });
  });
});

describe("over HTTP/1.1, what two readers could read in two ways is 400, and the connection is closed:", () => {
  const put = "PUT /v1/namespaces/orders/kv/k HTTP/1.1\r\nhost: a\r\n";
  const hidden = "DELETE /v1/namespaces/orders/kv/k HTTP/1.1\r\nhost: a\r\n\r\n";
  const unclear: [string, string][] = [
    ["content-length beside transfer-encoding", `${put}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ["two content-lengths", `${put}content-length: 0\r\ncontent-length: ${hidden.length}\r\n\r\n${hidden}`],
    ["a content-length that is no number", `${put}content-length: 0x10\r\n\r\n${hidden}`],
    ["transfer-encoding that does not end in chunked", `${put}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`],
    ["a blank before the colon", `${put}content-length : 5\r\n\r\n${hidden}`],
    ["a header without a colon", `${put}content-length\r\n\r\n${hidden}`],
    ["a folded header", `${put}x: a\r\n content-length: 5\r\n\r\n${hidden}`],
    ["a bare CR in a header", `${put}x: a\rcontent-length: 5\r\n\r\n${hidden}`],
    ["a chunk whose size is none", `${put}transfer-encoding: chunked\r\n\r\nZ\r\n${hidden}`],
    ["no host", `PUT /v1/namespaces/orders/kv/k HTTP/1.1\r\ncontent-length: 0\r\n\r\n${hidden}`],
  ]; // prettier-ignore
  test.each(unclear)("%s", async (_what, bytes) => {
    const socket = connect(prism.port, "127.0.0.1").setEncoding("latin1");
    let answers = "";
    socket.on("data", (text: string) => (answers += text)).on("error", () => undefined);
    socket.write(bytes);

    await once(socket, "close");

    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 400"]);
    expect(prism.plugin.calls.filter(({ ended: whole }) => whole)).toEqual([]);
  });
});
