import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TimeLimit } from "../../../src/protocol/index.js";
import { Flag, FrameType, http2Preface } from "../../../src/wire/frame.js";
import { operatorToken } from "../../support/operator-token.js";
import { type RunningPrism, servePrism, until } from "../../support/running-prism.js";
import { rawClient } from "../../wire/raw-peer.js";
import { untilGone } from "./siege.js";

const memory = "namespaces: [{ name: default, backend: memory, plugin: { type: in_process } }]\n";
const limits =
  "handshake_ms: 500, header_block_ms: 500, request_ms: 500, stall_ms: 1s, http1_idle_ms: 2s, held_bytes: 1MiB";
/** What an attack may cost the runtime. */
const mostGrownBytes = 64 * 1024 * 1024;

let prism: RunningPrism;
let sockets: Socket[];
beforeEach(async () => {
  prism = await servePrism({ yaml: memory, serverKeys: `limits: { ${limits} }` });
  sockets = [];
  await metrics();
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await prism.stop();
});

/** A connection to the operators' port. What it hears is thrown away, unless it is not to hear. */
function dial(hears = true): Socket {
  const socket = connect(port(), "127.0.0.1").on("error", () => undefined);
  sockets.push(socket);
  return hears ? socket.resume() : socket.pause();
}

function port(): number {
  return Number(prism.admin.split(":")[1]);
}

async function metrics(): Promise<string> {
  return (await fetch(`http://${prism.admin}/metrics`, { headers: { connection: "close" } })).text();
}

async function refused(reason: string): Promise<number> {
  const series = `prism_refused_total{peer="operator",reason="${reason}"} `;
  const line = (await metrics()).split("\n").find((each) => each.startsWith(series));
  return Number(line?.slice(series.length) ?? 0);
}

async function rssBytes(): Promise<number> {
  const [, bytes = "0"] = /^process_resident_memory_bytes (\d+)/m.exec(await metrics()) ?? [];
  return Number(bytes);
}

/** Holds the runtime to what it promises: it answers meanwhile, and its memory stays. */
async function withstand(attack: () => Promise<void>, reason?: string): Promise<void> {
  const before = await rssBytes();
  let isOver = false;
  let answered = 0;
  const probe = async (): Promise<void> => {
    while (!isOver) {
      using limit = new TimeLimit(5_000);
      const headers = { connection: "close" };
      const answer = await fetch(`http://${prism.admin}/healthz`, { headers, signal: limit.signal });
      if (answer.ok) answered++;
    }
  };
  const attacking = attack().finally(() => (isOver = true));
  await Promise.all([attacking, probe()]);

  expect(answered).toBeGreaterThan(0);
  expect((await rssBytes()) - before).toBeLessThan(mostGrownBytes);
  if (reason !== undefined) expect(await refused(reason)).toBeGreaterThan(0);
}

/** So many connections that say only this, now and then a byte more, until Prism closes them. */
function closedAfter(said: string | Uint8Array, drip = "", count = 100): () => Promise<void> {
  return async () => {
    const attackers = Array.from({ length: count }, () => dial());
    for (const socket of attackers) socket.write(said);
    const dripping = setInterval(() => {
      for (const socket of attackers) if (drip !== "" && socket.writable) socket.write(drip);
    }, 100);
    await Promise.all(attackers.map((socket) => untilGone(socket)));
    clearInterval(dripping);
  };
}

describe("at the operators' port is cut off, while /healthz is answered:", () => {
  test("half a preface", () => withstand(closedAfter("PRI * HT"), "handshake_ms"));

  test("silence", () => withstand(closedAfter(""), "handshake_ms"));

  test("a head that drips", () =>
    withstand(closedAfter("GET /healthz HTTP/1.1\r\nhost: localhost\r\na: ", "b"), "header_block_ms"));

  test("a preface, and then nothing", () => withstand(closedAfter(http2Preface), "handshake_ms"));

  test("a body that drips, of whoever may act", () =>
    withstand(async () => {
      const token = Object.entries(await operatorToken(join(prism.directory, "state")))
        .flat()
        .join(": ");
      const head = `POST /admin/plugin/reload HTTP/1.1\r\nhost: localhost\r\n${token}\r\ncontent-length: 9000\r\n\r\n`;
      await closedAfter(head, "b")();
    }, "header_block_ms"));

  test("a head without end", () =>
    withstand(
      closedAfter(`GET /healthz HTTP/1.1\r\n${`a: ${"b".repeat(100)}\r\n`.repeat(1_000)}`),
      "header_bytes",
    ));

  test("requests in numbers that nobody waits for", () =>
    withstand(
      closedAfter("GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(2_000), "", 20),
      "streams_per_connection",
    ));

  test("a storm of resets", () =>
    withstand(async () => {
      const peer = rawClient(port());
      sockets.push(peer.socket);
      peer.send({ type: FrameType.SETTINGS, flags: Flag.ACK });
      for (let stream = 1; stream < 4_000; stream += 2) {
        const path = [":path", "/prism.admin.v1.Admin/GetStatus"];
        const payload = peer.block([
          ":method",
          "POST",
          ":scheme",
          "http",
          ...path,
          "content-type",
          "application/grpc",
        ]);
        const code = Buffer.from([0, 0, 0, 8]);
        peer.send(
          { type: FrameType.HEADERS, flags: Flag.END_HEADERS, stream, payload },
          { type: FrameType.RST_STREAM, stream, payload: code },
        );
      }
      await untilGone(peer.socket);
    }, "resets_per_second"));

  test("answers of /metrics that nobody reads", () =>
    withstand(async () => {
      const attackers = Array.from({ length: 200 }, () => dial(false));
      for (const socket of attackers)
        socket.write("GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(30));
      await until(
        "some of them to be closed",
        async () => (await refused("held_bytes")) + (await refused("stall_ms")) > 0,
      );
    }, "held_bytes"));
});

test("thousands of connections cost each other their place, and keep nobody else out", () =>
  withstand(async () => {
    let closed = 0;
    for (let i = 0; i < 3_000; i++) dial().once("close", () => closed++);

    await until("all but 256 to be closed", () => closed >= 3_000 - 256);
  }, "connections"));

test("a large body of whoever shows no token is not waited for", () =>
  withstand(
    closedAfter(
      `POST /admin/plugin/reload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000000\r\n\r\n${"x".repeat(1024 * 1024)}`,
    ),
  ));
