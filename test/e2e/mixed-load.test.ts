import { execFile } from "node:child_process";
import { connect } from "node:net";
import { promisify } from "node:util";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  GetRequestSchema,
  GetResponseSchema,
  SetRequestSchema,
} from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { callUnary, type ClientConnection, connectHttp2, openCall } from "../../src/wire/index.js";
import { servePrism, until } from "../support/running-prism.js";

const run = promisify(execFile);
/** How long the load lasts; `PRISM_MIXED_LOAD_MS=60000` for the minute that a release is held to. */
const loadMs = Number(process.env["PRISM_MIXED_LOAD_MS"] ?? 8_000);
const large = Buffer.alloc(64 * 1024 * 1024, 9);
const mostGrowthMiB = 64;
const headers = ["prism-namespace", "default"];

test(
  "small calls, 64 MiB objects, streams and cancellations side by side leave the data plane's memory where it was",
  async () => {
    const prism = await servePrism({ yaml: "namespaces: [{ name: default, backend: memory }]\n" });
    const connections = Array.from({ length: 4 }, () => dial(prism.address));
    const [first = dial(prism.address)] = connections;
    await set(first, "small", Buffer.from("value"));
    await set(first, "large", large);
    await get(first, "large");
    const before = await rssMiB(prism.child.pid ?? 0);
    const end = performance.now() + loadMs;
    const going = (): boolean => performance.now() < end;

    const work = connections.flatMap((connection) => [
      repeat(going, async () => {
        expect(String(await get(connection, "small"))).toBe("value");
      }),
      repeat(going, async () => {
        const stream = openCall(connection, {
          path: "/prism.data.v1.Data/ExecuteStream",
          headers,
          timeoutMs: 50,
        });
        await expect(stream.trailers).rejects.toMatchObject({ code: 4 });
      }),
    ]);
    work.push(
      // Longer than the plugin takes to copy an object, shorter than the way of one under this load.
      repeat(going, async () => {
        await get(first, "large", 250).catch((reason: unknown) => expect(reason).toMatchObject({ code: 4 }));
      }),
      repeat(going, async () => {
        await set(first, "large", large);
        expect((await get(first, "large")).length).toBe(large.length);
      }),
    );
    await Promise.all(work);

    await until(
      "memory to be back",
      async () => (await rssMiB(prism.child.pid ?? 0)) - before < mostGrowthMiB,
    );
    for (const connection of connections) connection.destroy();
    await prism.stop();
  },
  loadMs + 120_000,
);

function dial(address: string): ClientConnection {
  const [host = "", port = ""] = address.split(":");
  const quiet = (): void => undefined;
  return connectHttp2(
    connect(Number(port), host),
    {},
    { onAvailable: quiet, onGoaway: quiet, onClose: quiet },
  );
}

async function get(connection: ClientConnection, key: string, timeoutMs = 60_000): Promise<Uint8Array> {
  const message = toBinary(GetRequestSchema, create(GetRequestSchema, { key }));
  const answer = await callUnary(connection, {
    path: "/prism.keyvalue.v1.KeyValue/Get",
    headers,
    message,
    timeoutMs,
  });
  return fromBinary(GetResponseSchema, answer.message).value;
}

async function set(connection: ClientConnection, key: string, value: Uint8Array): Promise<void> {
  const message = toBinary(SetRequestSchema, create(SetRequestSchema, { key, value }));
  await callUnary(connection, {
    path: "/prism.keyvalue.v1.KeyValue/Set",
    headers,
    message,
    timeoutMs: 60_000,
  });
}

async function repeat(going: () => boolean, step: () => Promise<void>): Promise<void> {
  while (going()) await step();
}

/** Resident memory of the data-plane process of a runtime. */
async function rssMiB(runtime: number): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=,args=", "--ppid", String(runtime)]);
  const row = stdout.split("\n").find((line) => line.includes("data-plane/main.js")) ?? "";
  return Number(/\d+/.exec(row)?.[0]) / 1024;
}
