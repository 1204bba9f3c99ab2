import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrameLink } from "../load/frame-link.js";
import { field, IndexingEncoder } from "../load/indexing-encoder.js";
import { smallMessages } from "../plugin/messages.js";
import { atMost, type Finding } from "../report/finding.js";
import type { Stage } from "../stage.js";
import { startDataPlane } from "../subjects/data-plane.js";
import type { Subject } from "../subjects/subject.js";

const wanted = 10_000;
const atOnce = 100;
const mostBytes = 20 * 1024;
const settleMs = 3_000;

/** Memory of the proxy per connection that is open and idle: fresh ones, and ones that have made a call. */
export async function idleConnections(stage: Stage): Promise<Finding> {
  const plane = await startDataPlane({ socket: stage.place.smallCalls, namespaces: 1 });
  const sockets: Socket[] = [];
  try {
    await open(plane, atOnce, sockets);
    const before = plane.proxy.rssBytes();
    stage.tell(`${wanted} idle connections`);
    await open(plane, wanted, sockets);
    const bytes = ((await atRest(plane)) - before) / wanted;
    const is = { value: bytes, text: `${(bytes / 1024).toFixed(1)} KiB` };
    return {
      name: "idle-connections",
      title: `${wanted} idle connections, each after its first call`,
      table: {
        head: ["proxy's memory", "MiB"],
        rows: [
          [`with ${atOnce}`, (before / 2 ** 20).toFixed(1)],
          [`with ${wanted} more`, ((before + bytes * wanted) / 2 ** 20).toFixed(1)],
        ],
      },
      notes: [],
      verdicts: [atMost("memory of an idle connection", is, { value: mostBytes, text: "20 KiB" })],
      plots: [],
      record: { connections: wanted, before, bytesEach: bytes },
    };
  } finally {
    for (const socket of sockets) socket.destroy();
    await plane.stop();
  }
}

/** Opens connections, some at once, and makes one call on each. */
async function open(plane: Subject, count: number, sockets: Socket[]): Promise<void> {
  for (let opened = 0; opened < count; opened += atOnce)
    await Promise.all(Array.from({ length: atOnce }, async () => sockets.push(await called(plane))));
}

async function called({ target, execute }: Subject): Promise<Socket> {
  const socket = connect("port" in target ? { port: target.port, host: "127.0.0.1" } : target);
  await once(socket, "connect");
  const names = {
    ":method": "POST",
    ":scheme": "http",
    ":path": execute,
    ":authority": "127.0.0.1",
    "content-type": "application/grpc",
    te: "trailers",
    "prism-namespace": "bench",
  };
  const block = Buffer.alloc(1024);
  const fields = Object.entries(names).map(([name, value]) => field(name, value));
  const length = new IndexingEncoder().encode(fields, block, 0);
  await new Promise<void>((resolve, reject) => {
    const link = new FrameLink(socket, "client", {
      onSettings: () => undefined,
      onHeaders: (_stream, headers, endStream) => {
        if (!endStream) return;
        if (headers.get("grpc-status") === "0") resolve();
        else reject(new Error(`a call failed: ${headers.fields.join(" ")}`));
      },
      onData: () => undefined,
      onReset: () => reject(new Error("a call was reset")),
      onGone: () => reject(new Error("a connection was closed")),
    });
    link.headers(1, block.subarray(0, length), false);
    link.data(1, smallMessages.execute, true);
    link.flush();
  });
  return socket;
}

/** The least memory within a while: garbage goes in its own time. */
async function atRest(plane: Subject): Promise<number> {
  let least = Infinity;
  const end = performance.now() + settleMs;
  while (performance.now() < end) {
    least = Math.min(least, plane.proxy.rssBytes());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return least;
}
