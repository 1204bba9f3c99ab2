import { once } from "node:events";
import { createServer as createHttp2Server, connect as connectNodeHttp2, type Http2Server } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Client, credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callUnary, http2Preface, openCall } from "../../src/wire/index.js";
import { until } from "../support/running-prism.js";
import { dial, type EchoServer, startEcho } from "./echo.js";

const path = "/test.Echo/Call";
const asIs = (bytes: Buffer): Buffer => bytes;
const large = Buffer.alloc(16 * 1024 * 1024, 7);

let echo: EchoServer;
beforeEach(async () => {
  echo = await startEcho();
});
afterEach(() => echo.close());

describe("both roles of the wire", () => {
  test("carry many calls at once, each with its own answer", async () => {
    const connection = dial(echo.port);
    await callUnary(connection, {
      path,
      message: Buffer.from("the server's SETTINGS have come with this answer"),
    });
    const messages = Array.from({ length: 500 }, (_, i) => Buffer.from(`message ${i}`));

    const answers = await Promise.all(messages.map((message) => callUnary(connection, { path, message })));

    expect(answers.map(({ message }) => message.toString())).toEqual(messages.map(String));
    expect(echo.streams()).toBe(0);
  });

  test("carry a message many times larger than every window", async () => {
    const { message } = await callUnary(dial(echo.port), { path, message: large });

    expect(message.equals(large)).toBe(true);
  });

  test("carry both directions of a stream side by side", async () => {
    const call = openCall(dial(echo.port), { path });
    const answers: string[] = [];

    call.send(Buffer.from("0"));
    for await (const answer of call.messages) {
      answers.push(answer.toString());
      if (answers.length < 5) call.send(Buffer.from(String(answers.length)));
      else call.end();
    }

    expect(answers).toEqual(["0", "1", "2", "3", "4"]);
    expect((await call.trailers).get("grpc-status")).toBe("0");
  });

  test("tell the server of a cancellation, and the caller of its deadline", async () => {
    const connection = dial(echo.port);
    const waiting = openCall(connection, { path, timeoutMs: 50 });

    await expect(waiting.trailers).rejects.toMatchObject({ code: 4 });
    await until("the server to hear of it", () => echo.resets.includes(8));

    expect(echo.streams()).toBe(0);
  });

  test("let what runs finish when one side shuts down, and take nothing new", async () => {
    const connection = dial(echo.port);
    const call = openCall(connection, { path });
    call.send(Buffer.from("before"));
    const answers = call.messages[Symbol.asyncIterator]();
    await answers.next();

    echo.shutdown();
    await until("the client to hear of it", () => !connection.canOpen);
    call.send(Buffer.from("after"));
    const after = await answers.next();
    call.end();
    await answers.next();

    expect(String(after.value)).toBe("after");
    await until("the connection to end", () => connection.closed);
    expect(echo.ends).toEqual([""]);
  });
});

describe("other implementations", () => {
  test("a grpc-js client is served, small and large", async () => {
    const client = new Client(`127.0.0.1:${echo.port}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
    });
    const call = (message: Buffer): Promise<Buffer | undefined> =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(path, asIs, asIs, message, (error, answer) =>
          error ? reject(error) : resolve(answer),
        );
      });

    expect(String(await call(Buffer.from("small")))).toBe("small");
    expect((await call(large))?.equals(large)).toBe(true);
    client.close();
  });

  test("a grpc-js server is called", async () => {
    const server = new Server({ "grpc.max_receive_message_length": -1 });
    const method = { path, requestStream: false, responseStream: false } as const;
    const bytes = {
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    server.addService(
      { call: { ...method, ...bytes } },
      {
        call: (call: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) =>
          answer(null, call.request),
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });

    const { message } = await callUnary(dial(port), { path, message: large });

    expect(message.equals(large)).toBe(true);
    server.forceShutdown();
  });

  test("a node:http2 client is served", async () => {
    const session = connectNodeHttp2(`http://127.0.0.1:${echo.port}`);
    const request = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    const trailers = once(request, "trailers");

    request.end(Buffer.from([0, 0, 0, 0, 1, 65]));
    const [received] = (await trailers) as [Record<string, string>];

    expect(received["grpc-status"]).toBe("0");
    expect(Buffer.concat(parts)).toEqual(Buffer.from([0, 0, 0, 0, 1, 65]));
    session.destroy();
  });

  test("a node:http2 server is called", async () => {
    const server: Http2Server = createHttp2Server().listen(0, "127.0.0.1");
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.pipe(stream);
    });
    await once(server, "listening");

    const connection = dial((server.address() as AddressInfo).port);
    const { message } = await callUnary(connection, { path, message: large });

    expect(message.equals(large)).toBe(true);
    connection.destroy();
    server.close();
  });
});

describe("a peer that breaks the rules is told by GOAWAY and cut", () => {
  const settings = Buffer.from("000000040000000000", "hex");
  const faults = [
    { what: "no preface", code: 1, bytes: Buffer.from("PRI * HTTP/9.9\r\n\r\nSM\r\n\r\n") },
    {
      what: "no SETTINGS first",
      code: 1,
      bytes: Buffer.concat([http2Preface, Buffer.from("0000080600000000000000000000000000", "hex")]),
    },
    {
      what: "an even stream id",
      code: 1,
      bytes: Buffer.concat([http2Preface, settings, Buffer.from("00000101050000000282", "hex")]),
    },
    {
      what: "DATA on an idle stream",
      code: 1,
      bytes: Buffer.concat([http2Preface, settings, Buffer.from("000000000000000001", "hex")]),
    },
    {
      what: "WINDOW_UPDATE of 0",
      code: 1,
      bytes: Buffer.concat([http2Preface, settings, Buffer.from("00000408000000000000000000", "hex")]),
    },
    {
      what: "a window that overflows",
      code: 3,
      bytes: Buffer.concat([http2Preface, settings, Buffer.from("0000040800000000007fffffff", "hex")]),
    },
    {
      what: "a frame too long",
      code: 6,
      bytes: Buffer.concat([http2Preface, settings, Buffer.from("004001000000000001", "hex")]),
    },
    {
      what: "a broken header block",
      code: 9,
      bytes: Buffer.concat([http2Preface, settings, Buffer.from("00000101050000000180", "hex")]),
    },
    {
      what: "a CONTINUATION unasked",
      code: 1,
      bytes: Buffer.concat([http2Preface, settings, Buffer.from("000000090400000001", "hex")]),
    },
  ];
  test.each(faults)("$what", async ({ bytes, code }) => {
    const socket = connect(echo.port, "127.0.0.1");
    const received = collect(socket);

    socket.write(bytes);
    await once(socket, "close");

    expect(goawayCode(received())).toBe(code);
  });

  test("resets in a burst are too many (CVE-2023-44487)", async () => {
    await echo.close();
    echo = await startEcho({ resetBurst: 10, resetsPerSecond: 0 });
    const connection = dial(echo.port);

    for (let i = 0; i < 20; i++) openCall(connection, { path }).cancel();
    await until("the connection to be cut", () => connection.closed);

    expect(echo.ends).toEqual([expect.stringContaining("too many")]);
  });
});

function collect(socket: Socket): () => Buffer {
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => parts.push(part));
  socket.on("error", () => undefined);
  return () => Buffer.concat(parts);
}

/** The error code of the GOAWAY among the frames. */
function goawayCode(bytes: Buffer): number | undefined {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === 7) return bytes.readUInt32BE(at + 13);
  }
  return undefined;
}
