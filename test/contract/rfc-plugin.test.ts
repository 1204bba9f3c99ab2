import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StreamResponse } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { pythonWithGrpc } from "../servers/python.js";
import { KeyValueClient } from "./support/key-value-client.js";
import { PluginClient } from "./support/plugin-client.js";

const program = new URL("../fixtures/plugins/rfc-plugin.py", import.meta.url).pathname;

describe("a plugin in Python, compiled from the RFC's own text", () => {
  let directory: string;
  let socket: string;
  let child: ChildProcess;
  let handshake: string;
  let client: PluginClient;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "rfc-plugin-"));
    socket = join(directory, "p.sock");
    const { PATH = "" } = process.env;
    const started = spawn(pythonWithGrpc(), [program], { env: { PATH, PLUGIN_SOCKET: socket } });
    child = started;
    [handshake] = (await once(createInterface({ input: started.stdout }), "line")) as [string];
    client = new PluginClient(socket, "");
  });
  afterAll(async () => {
    client[Symbol.dispose]();
    const exited = once(child, "exit");
    child.stdin?.end();
    await exited;
    await rm(directory, { recursive: true, force: true });
  });

  test("shakes hands, and is initialized without any field that Prism added", async () => {
    const initialized = await client.initialize(
      "default",
      { any: "config" },
      { challenge: Buffer.from("prove it") },
    );

    expect(handshake).toBe(`prism|1|unix|${socket}`);
    expect(initialized).toMatchObject({ success: true, operations: [] });
    expect(initialized.proof.length).toBe(0);
    expect(initialized.supportedOperations).toContain("get");
  });

  test("serves the operations of the KeyValue pattern that it lists", async () => {
    const kv = new KeyValueClient(client, "default");

    await kv.set("key", "value");

    expect(await kv.text("key")).toBe("value");
    expect(await kv.exists("key")).toBe(true);
    expect(await kv.delete("key")).toBe(true);
    expect(await kv.get("key")).toBeUndefined();
    await expect(kv.increment("key")).rejects.toMatchObject({ code: 12 });
  });

  test("serves bytes as they are, once and in a stream", async () => {
    const params = { case: "rawParams", value: Buffer.from("hello") } as const;
    const call = client.stream({ namespace: "default" });
    call.write({ operation: "echo_stream", params });
    call.write({ params });
    call.end();

    const { message } = await client.execute({ operation: "echo", params }, { namespace: "default" });
    const answers: StreamResponse[] = [];
    for await (const answer of call) answers.push(answer as StreamResponse);

    expect(Buffer.from(message.result.value as Uint8Array).toString()).toBe("hello");
    expect(answers.map(({ isFinal }) => isFinal)).toEqual([false, false, true]);
  });
});
