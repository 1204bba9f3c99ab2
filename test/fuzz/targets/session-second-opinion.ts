import { deepStrictEqual } from "node:assert/strict";
import { once } from "node:events";
import {
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, createServer as createNetServer, connect as connectSocket } from "node:net";
import fc from "fast-check";
import { TimeLimit } from "../../../src/protocol/index.js";
import { clientLimits, connectHttp2, serveHttp2, serverLimits } from "../../../src/wire/index.js";
import { fuzzTarget } from "../fuzz-target.js";
import {
  bodyOf,
  exchanges,
  type FuzzedExchange,
  type Heard,
  heardOf,
  type Said,
} from "../session/exchanges.js";
import { OurEnd, own, say } from "../session/our-end.js";
import { turn } from "../connection/memory-socket.js";

const pseudo = (index: number) => [
  ":method",
  "POST",
  ":scheme",
  "http",
  ":authority",
  "a",
  ":path",
  `/${index}`,
];
/** However slow the machine: a session that is not over by then hangs. */
const hangsMs = 15_000;
/** Windows that the bodies use up. */
const limits = { streamWindow: 65_535, connectionWindow: 65_535 };
const quiet = (): void => undefined;

/** Sessions as anyone may have them: what node:http2's client and our server say, and our client and its server, each hears of the other as it was said. */
export const sessionSecondOpinion = fuzzTarget({
  name: "session-second-opinion",
  testRuns: 30,
  input: fc.record({ exchanges, padding: fc.constantFrom(constants.PADDING_STRATEGY_NONE, constants.PADDING_STRATEGY_MAX) }),
  open: () => ({
    check: async ({ exchanges: all, padding }) => {
      const wanted = all.map(({ request, response }) => [heardOf(request), heardOf(response)]);
      deepStrictEqual(await inTime(nodeAsksUs(all, padding)), wanted, "node:http2's client and our server");
      deepStrictEqual(await inTime(weAskNode(all, padding)), wanted, "our client and node:http2's server");
    },
  }),
}); // prettier-ignore

async function nodeAsksUs(all: readonly FuzzedExchange[], paddingStrategy: number): Promise<Heard[][]> {
  const requests: Promise<Heard>[] = [];
  const server = createNetServer((socket) =>
    serveHttp2(socket, { limits: { ...serverLimits, ...limits } }, {
      onRequest: (stream, headers, endStream) => {
        const index = Number(headers.get(":path")?.slice(1));
        const end = new OurEnd(own(headers.fields));
        requests[index] = end.heard;
        if (endStream) end.end([]);
        // An answer that is complete before its request would end the stream.
        void end.heard.then(() => say((head, last) => (stream.sendHeaders(head, last), stream), [":status", "200"], all[index]?.response ?? nothing));
        return end;
      },
      onClose: quiet,
    }),
  ).listen(0, "127.0.0.1"); // prettier-ignore
  await once(server, "listening");
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { paddingStrategy });
  try {
    const responses = all.map(({ request }, index) => {
      const { pieces, trailers } = request;
      const stream = session.request(objectOf([...pairs(pseudo(index)), ...request.fields]), {
        endStream: pieces.length === 0 && trailers.length === 0,
        waitForTrailers: trailers.length > 0,
      });
      void write(stream, request);
      return hear(stream);
    });
    const answered = await Promise.all(responses);
    return await both(requests, answered);
  } finally {
    session.destroy();
    server.close();
  }
}

async function weAskNode(all: readonly FuzzedExchange[], paddingStrategy: number): Promise<Heard[][]> {
  const requests: Promise<Heard>[] = [];
  const server = createServer({ paddingStrategy }).listen(0, "127.0.0.1");
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
    const index = Number(headers[":path"]?.slice(1));
    const response = all[index]?.response ?? nothing;
    const heard = hear(stream, own(raw));
    requests[index] = heard;
    void heard.then(() => {
      stream.respond(objectOf([[":status", "200"], ...response.fields]), {
        endStream: response.pieces.length === 0 && response.trailers.length === 0,
        waitForTrailers: response.trailers.length > 0,
        sendDate: false,
      } as object);
      return write(stream, response);
    });
  });
  await once(server, "listening");
  const listener = { onAvailable: quiet, onGoaway: quiet, onClose: quiet };
  const client = connectHttp2(connectSocket((server.address() as AddressInfo).port, "127.0.0.1"), { limits: { ...clientLimits, ...limits } }, listener);
  try {
    const ends = all.map(({ request }, index) => {
      const end = new OurEnd();
      void say((head, last) => client.open(head, last, end), pseudo(index), request);
      return end.heard;
    });
    const answered = await Promise.all(ends);
    return await both(requests, answered);
  } finally {
    client.destroy();
    server.close();
  }
} // prettier-ignore

const nothing: Said = { fields: [], pieces: [], trailers: [] };

async function inTime<T>(session: Promise<T>): Promise<T> {
  using limit = new TimeLimit(hangsMs);
  const hangs = once(limit.signal, "abort").then(() => Promise.reject(new Error("the session hangs")));
  return await Promise.race([session, hangs]);
}

async function both(requests: readonly Promise<Heard>[], answered: readonly Heard[]): Promise<Heard[][]> {
  const asked = await Promise.all(requests);
  return answered.map((response, index) => [asked[index] ?? response, response]);
}

async function write(stream: ClientHttp2Stream | ServerHttp2Stream, said: Said): Promise<void> {
  if (said.trailers.length > 0) stream.once("wantTrailers", () => stream.sendTrailers(objectOf(said.trailers)));
  if (said.pieces.length === 0 && said.trailers.length === 0) return;
  for (const piece of bodyOf(said)) {
    await turn();
    stream.write(piece);
  }
  stream.end();
} // prettier-ignore

async function hear(stream: ClientHttp2Stream | ServerHttp2Stream, head?: string[]): Promise<Heard> {
  let [fields, trailers]: [string[], string[]] = [head ?? [], []];
  stream.on("response", (_headers: object, _flags: number, raw: string[]) => (fields = own(raw)));
  stream.on("trailers", (_headers: object, _flags: number, raw: string[]) => (trailers = raw));
  const body: Buffer[] = [];
  stream.on("data", (bytes: Buffer) => body.push(bytes));
  await once(stream, "end");
  return { fields, body: Buffer.concat(body), trailers };
}

function objectOf(fields: Said["fields"]): Record<string, string> {
  return Object.fromEntries(fields);
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? ""] as [string, string]] : []));
}
