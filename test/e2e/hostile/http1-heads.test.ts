import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Attack, Siege, untilGone } from "./siege.js";

const host = "host: localhost\r\n";
const key = "/v1/namespaces/default/kv/k";
const get = `GET ${key} HTTP/1.1\r\n${host}`;
const [kib, mib] = [1024, 1024 * 1024];

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin({ limits: "header_block_ms: 1s, request_ms: 1s, stall_ms: 1s" });
});
afterAll(() => siege.end());

/** Twenty connections that say this, and then the same again and again, up to 16 MiB: each is cut before that. */
function endless(begin: string, again: string): Attack["run"] {
  const piece = Buffer.from(again.repeat((16 * kib) / again.length), "latin1");
  const attack = async (): Promise<void> => {
    const socket = siege.dial().resume();
    const gone = untilGone(socket);
    socket.write(begin);
    for (let sent = 0; sent < 16 * mib && !socket.destroyed; sent += piece.length)
      if (!socket.write(piece)) await Promise.race([gone, once(socket, "drain").catch(() => undefined)]);
    await gone;
  };
  return async () => {
    await Promise.all(Array.from({ length: 20 }, attack));
  };
}

/** A hundred connections that say this: each hears one answer, of this status, and is closed. */
function answered(status: number, said: string): Attack["run"] {
  const attack = async (): Promise<string> => {
    const socket = siege.dial();
    let heard = "";
    socket.on("data", (bytes: Buffer) => (heard += bytes.toString("latin1")));
    socket.write(said, "latin1");
    await untilGone(socket);
    return heard;
  };
  return async () => {
    for (const heard of await Promise.all(Array.from({ length: 100 }, attack)))
      expect(heard.match(/^HTTP\/1\.1 \d+/gm)).toEqual([`HTTP/1.1 ${status}`]);
  };
}

const attacks: Attack[] = [
  { what: "a request line", reason: "header_bytes", run: endless("GET /", "a") },
  { what: "a query", reason: "header_bytes", run: endless(`GET ${key}?a=`, "%61") },
  { what: "the name of a field", reason: "header_bytes", run: endless(get, "a") },
  { what: "the value of a field", reason: "header_bytes", run: endless(`${get}a: `, "b") },
  { what: "fields", reason: "header_bytes", run: endless(get, "a:b\r\n") },
  { what: "blanks in front of a value", reason: "header_block_ms", run: endless(`${get}a:`, " ") },
]; // prettier-ignore

describe("a head over HTTP/1.1 that does not end is cut, and the neighbour's calls are answered meanwhile:", () => {
  for (const attack of attacks) test(attack.what, () => siege.withstand(attack));
});

const odd: [what: string, said: string, status?: number][] = [
  ["HTTP/0.9", `GET ${key}\r\n${host}\r\n`, 505],
  ["HTTP/0.9 by name", `GET ${key} HTTP/0.9\r\n${host}\r\n`, 505],
  ["HTTP/2.0", `GET ${key} HTTP/2.0\r\n${host}\r\n`, 505],
  ["HTTP/1.2", `GET ${key} HTTP/1.2\r\n${host}\r\n`],
  ["CONNECT", `CONNECT localhost:80 HTTP/1.1\r\n${host}\r\n${get}\r\n`, 501],
  ["the target of CONNECT", `GET localhost:80 HTTP/1.1\r\n${host}\r\n`],
  ["another host's target", `GET http://elsewhere${key} HTTP/1.1\r\n${host}\r\n`],
  ["a target with a name to log in by", `GET http://me@localhost${key} HTTP/1.1\r\n${host}\r\n`],
  ["a target with NUL", `GET ${key}\0 HTTP/1.1\r\n${host}\r\n`],
  ["a target with CR", `GET ${key}\ra HTTP/1.1\r\n${host}\r\n`],
  ["lines without CR", `GET ${key} HTTP/1.1\n${host.trim()}\n\n`],
  ["one line without CR", `${get.trim()}\na: b\r\n\r\n`],
  ["a folded field", `${get}a: b\r\n c\r\n\r\n`],
  ["a blank before the colon", `${get}a : b\r\n\r\n`],
  ["no name before the colon", `${get}: b\r\n\r\n`],
  ["NUL in a value", `${get}a: \0\r\n\r\n`],
  ["a length with a sign", `${get}content-length: +5\r\n\r\nhello`],
  ["a length below 0", `${get}content-length: -1\r\n\r\nhello`],
  ["a list of lengths", `${get}content-length: 5,5\r\n\r\nhello`],
  ["a length twice", `${get}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`],
  ["a length and chunks", `${get}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
]; // prettier-ignore

describe("a head that is no HTTP/1.1 is refused, and the neighbour's calls are answered meanwhile:", () => {
  for (const [what, said, status = 400] of odd)
    test(what, () => siege.withstand({ what, reason: "protocol_error", run: answered(status, said) }));
});

test("what would go on in another protocol is answered in this one, and costs a connection", () =>
  siege.withstand({
    what: "Upgrade: h2c",
    run: answered(200, `${get}connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n${get}\r\n`),
  })); // prettier-ignore

test("500 connections that have said half a request are cut off", () =>
  siege.withstand({
    what: "half a request",
    reason: "header_block_ms",
    run: async () => {
      const sockets = Array.from({ length: 500 }, () => siege.dial().resume());
      for (const socket of sockets) socket.write(get);
      await Promise.all(sockets.map((socket) => untilGone(socket)));
    },
  }));
