import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type ClientConnection,
  clientLimits,
  type ClosedBy,
  connectHttp2,
  HeaderList,
  type Limits,
  type Stream,
} from "../../src/wire/index.js";
import { type Nghttpd, nghttpd } from "../servers/nghttpd.js";

const large = randomBytes(8 * 1024 * 1024);
const smallestWindow = 65_535;

let directory: string;
let server: Nghttpd | undefined;
let connection: ClientConnection | undefined;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "prism-nghttpd-"));
  await writeFile(join(directory, "large"), large);
  await writeFile(join(directory, "small"), "hello");
});
afterEach(async () => {
  connection?.destroy();
  await server?.stop();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("the wire's client role, against nghttp2's server,", () => {
  test("takes a large body whole through windows of the smallest size, padding and all", async () => {
    const client = await connected(["--padding=200"], {
      streamWindow: smallestWindow,
      connectionWindow: smallestWindow,
    });

    const [first, second] = await Promise.all([client.ask("/large"), client.ask("/large")]);

    expect(first).toMatchObject({ status: "200", digest: digestOf(large), by: "end" });
    expect(second).toMatchObject({ status: "200", digest: digestOf(large), by: "end" });
  });

  test("sends a large body through windows of a kibibyte, and takes it back", async () => {
    const client = await connected(["--echo-upload", "--window-bits=10"]);

    const echoed = await client.ask("/anywhere", large);

    expect(echoed).toMatchObject({ status: "200", digest: digestOf(large), by: "end" });
  });

  test("opens as many streams as are allowed, and the rest as they end", async () => {
    const client = await connected(["--max-concurrent-streams=3"]);

    const answers = await Promise.all(Array.from({ length: 50 }, () => client.ask("/small")));

    expect(new Set(answers.map(({ digest }) => digest))).toEqual(new Set([digestOf(Buffer.from("hello"))]));
  });

  test.each([
    ["no table in its decoder", "--header-table-size=0"],
    ["no table in its encoder", "--encoder-header-table-size=0"],
    ["a table of one entry", "--header-table-size=64"],
  ])("says the same headers again and again to one with %s", async (_, option) => {
    const client = await connected([option, "--trailer=x-check: done"]);

    for (let turn = 0; turn < 20; turn++) {
      const { status, trailers } = await client.ask("/small", undefined, ["x-turn", `${turn % 3}`]);
      expect([status, trailers]).toEqual(["200", ["x-check", "done"]]);
    }
  });

  test("is not pushed what it does not want", async () => {
    const client = await connected(["--push=/small=/large"]);

    expect(await client.ask("/small")).toMatchObject({ status: "200", by: "end" });
  });

  test("finishes what runs when it leaves, and then closes in order", async () => {
    const client = await connected();

    const answer = client.ask("/large");
    client.connection.shutdown();

    expect(await answer).toMatchObject({ digest: digestOf(large), by: "end" });
    expect(await client.closed).toBe("");
  });

  test("hears of every stream's end when it vanishes", async () => {
    const client = await connected([], { streamWindow: smallestWindow });
    const stalled = client.ask("/large", undefined, [], { credits: false });
    await client.nextData();

    server?.child.kill("SIGKILL");

    expect(await stalled).toMatchObject({ status: "200", by: "connection" });
    expect(await client.closed).not.toBe("");
  });
});

/** How a request ended. */
interface Answer {
  readonly status: string | undefined;
  readonly digest: string;
  readonly trailers: readonly string[];
  readonly by: ClosedBy;
}

/** A client of a server with these options. */
async function connected(options: readonly string[] = [], limits: Partial<Limits> = {}) {
  server = await nghttpd(directory, options);
  const waiting: (() => void)[] = [];
  let onData: () => void = () => undefined;
  let close: (reason: string) => void = () => undefined;
  const closed = new Promise<string>((resolve) => (close = resolve));
  const opened = connectHttp2(
    connect({ port: server.port, host: "127.0.0.1" }),
    { limits: { ...clientLimits, ...limits } },
    {
      onAvailable: () => {
        for (const proceed of waiting.splice(0)) proceed();
      },
      onGoaway: () => undefined,
      onClose: close,
    },
  );
  connection = opened;

  const available = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  await available();
  return {
    connection: opened,
    closed,
    nextData: () => new Promise<void>((resolve) => (onData = resolve)),
    async ask(
      path: string,
      body?: Buffer,
      more: readonly string[] = [],
      { credits = true } = {},
    ): Promise<Answer> {
      while (!opened.canOpen) await available();
      const method = body === undefined ? "GET" : "POST";
      const fields = [":method", method, ":scheme", "http", ":path", path, ":authority", "localhost"];
      return new Promise((resolve) => {
        const hash = createHash("sha256");
        let status: string | undefined;
        let trailers: readonly string[] = [];
        const stream = opened.open(new HeaderList([...fields, ...more]), body === undefined, {
          onHeaders: (_stream: Stream, headers: HeaderList, endStream: boolean) => {
            status ??= headers.get(":status");
            if (endStream) trailers = headers.fields;
          },
          onData: (from, bytes, windowBytes) => {
            hash.update(bytes);
            if (credits) from.credit(windowBytes);
            onData();
          },
          onDrain: () => undefined,
          onClose: (_stream, _code, by) => resolve({ status, digest: hash.digest("hex"), trailers, by }),
        });
        if (body !== undefined) stream.sendData(body, true);
      });
    },
  };
}

function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
