import { createHmac, randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import type { JsonObject } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HealthCheckResponse_Status } from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { Code } from "../../src/protocol/index.js";
import { KeyValueClient } from "./support/key-value-client.js";
import { type Home, type LaunchedPlugin, launchPlugin } from "./support/launched-plugin.js";

/** A plugin, and what it needs to be held to the contract. It serves `get` and `set` of the KeyValue pattern. */
export interface PluginUnderTest {
  /** The plugin's module, from the repository's root. */
  readonly module: string;
  /** A config that it starts with. */
  readonly config: () => JsonObject;
  readonly credentials?: () => Record<string, string>;
  /** A config that it cannot start with, and what it must say of it. */
  readonly bad: { readonly config: JsonObject; readonly says: readonly RegExp[] };
}

/** Holds a plugin to the promises of the plugin protocol, as a process and as a worker thread, over a real socket. */
export function describePlugin(name: string, plugin: PluginUnderTest): void {
  for (const home of ["process", "worker"] as const) {
    describe(`${name} keeps the plugin contract as a ${home}`, () => {
      let launched: LaunchedPlugin;
      let count = 0;
      beforeAll(async () => {
        launched = await launchPlugin({ module: plugin.module, home });
      });
      afterAll(() => launched[Symbol.asyncDispose]());

      const subject: Subject = {
        plugin,
        home,
        instance: () => launched,
        fresh: () => `c${process.pid}-${++count}`,
        open: async () => {
          const namespace = subject.fresh();
          const opened = await initialize(subject, namespace);
          expect(opened).toMatchObject({ success: true, error: "" });
          return new KeyValueClient(launched.client, namespace);
        },
      };
      describeHandshake(subject);
      describeNamespaces(subject);
      describeCalls(subject);
      describeCounting(subject);
      describeEnd(subject);
    });
  }
}

interface Subject {
  readonly plugin: PluginUnderTest;
  readonly home: Home;
  readonly instance: () => LaunchedPlugin;
  /** A namespace's name that nobody has used. */
  readonly fresh: () => string;
  readonly open: () => Promise<KeyValueClient>;
}

function initialize({ plugin, instance }: Subject, namespace: string, challenge = new Uint8Array()) {
  const credentials = plugin.credentials?.() ?? {};
  return instance().client.initialize(namespace, plugin.config(), { credentials, challenge });
}

function describeHandshake(subject: Subject): void {
  const { instance } = subject;

  test("shakes hands in one line and listens on a socket that only its owner may open", () => {
    const { handshake, socket } = instance();

    expect(handshake).toBe(`prism|1|unix|${socket}`);
    expect((statSync(socket).mode & 0o777).toString(8)).toBe("600");
  });

  test("proves that it holds the token", async () => {
    const challenge = randomBytes(32);

    const { proof } = await initialize(subject, subject.fresh(), challenge);

    const expected = createHmac("sha256", instance().token).update(challenge).digest();
    expect(Buffer.from(proof).equals(expected)).toBe(true);
  });

  test("refuses every call that does not carry the token", async () => {
    const namespace = subject.fresh();
    const { client } = instance();
    const get = { operation: "get" };

    const calls = [
      () => client.execute(get, { namespace, token: "guessed" }),
      () => client.execute(get, { namespace, token: "" }),
      () => client.initialize(namespace, {}, {}, { token: "guessed" }),
    ];

    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });
  });
}

function describeNamespaces(subject: Subject): void {
  const { instance, plugin } = subject;

  test("is healthy once initialized, and not before", async () => {
    const namespace = subject.fresh();

    const before = await instance().client.health(namespace);
    await initialize(subject, namespace);
    const after = await instance().client.health(namespace);

    expect(before.status).toBe(HealthCheckResponse_Status.UNHEALTHY);
    expect(before.message).toContain(namespace);
    expect(after).toMatchObject({ status: HealthCheckResponse_Status.HEALTHY, message: "" });
  });

  test("declares its version, its operations and what it promises of each", async () => {
    const told = await initialize(subject, subject.fresh());

    expect(told.pluginVersion).toMatch(/^\d+\.\d+\.\d+/);
    expect(told.supportedOperations).toEqual(expect.arrayContaining(["get", "set"]));
    expect(told.operations.map(({ name }) => name)).toEqual(told.supportedOperations);
    expect(told.operations.find(({ name }) => name === "get")).toMatchObject({
      pattern: "keyvalue",
      idempotent: true,
      streaming: false,
    });
  });

  test("rejects settings it cannot start with, every problem at once, and can still be shut down", async () => {
    const namespace = subject.fresh();

    const refused = await instance().client.initialize(namespace, plugin.bad.config);

    expect(refused.success).toBe(false);
    for (const says of plugin.bad.says) expect(refused.error).toMatch(says);
    expect(await instance().client.shutdown(namespace)).toMatchObject({ success: true });
  });

  test("serves several namespaces, and ends one without the other", async () => {
    const one = await subject.open();
    const other = await subject.open();

    await other.set("key", "stays");
    await instance().client.shutdown(one.namespace);

    await expect(one.get("key")).rejects.toMatchObject({ code: Code.UNAVAILABLE });
    expect(await other.text("key")).toBe("stays");
  });

  test("may be shut down twice, and initialized again", async () => {
    const kv = await subject.open();

    expect(await instance().client.shutdown(kv.namespace)).toMatchObject({ success: true, error: "" });
    expect(await instance().client.shutdown(kv.namespace)).toMatchObject({ success: true, error: "" });
    await initialize(subject, kv.namespace);

    await kv.set("key", "again");
    expect(await kv.text("key")).toBe("again");
  });

  test("takes a namespace that is open already anew, and keeps it when the new settings are bad", async () => {
    const kv = await subject.open();

    const bad = await instance().client.initialize(kv.namespace, plugin.bad.config);
    await kv.set("key", "1");
    const again = await initialize(subject, kv.namespace);
    await kv.set("key", "2");

    expect(bad.success).toBe(false);
    expect(again.success).toBe(true);
    expect(await kv.text("key")).toBe("2");
  });
}

function describeCalls(subject: Subject): void {
  const { instance } = subject;

  test("refuses an operation it does not list, in the body and in the trailer", async () => {
    const { namespace } = await subject.open();

    const { message, trailers } = await instance().client.execute({ operation: "no_such" }, { namespace });

    expect(message).toMatchObject({ success: false, errorCode: Code.UNIMPLEMENTED });
    expect(message.error).toContain("no_such");
    expect(trailers.get("prism-error-code")).toEqual([String(Code.UNIMPLEMENTED)]);
  });

  test("refuses parameters of another kind, and names both", async () => {
    const { namespace } = await subject.open();
    const { client } = instance();
    const other = { typeUrl: "type.googleapis.com/prism.keyvalue.v1.SetRequest", value: new Uint8Array() };

    const typed = await client.execute(
      { operation: "get", params: { case: "typedParams", value: other } },
      { namespace },
    );
    const raw = await client.execute(
      { operation: "get", params: { case: "rawParams", value: randomBytes(3) } },
      { namespace },
    );

    expect(typed.message.errorCode).toBe(Code.INVALID_ARGUMENT);
    expect(typed.message.error).toMatch(/GetRequest.*SetRequest/);
    expect(raw.message.errorCode).toBe(Code.INVALID_ARGUMENT);
  });

  test("answers bytes that are no message with a status, and serves on", async () => {
    const kv = await subject.open();
    const { client } = instance();
    const { namespace } = kv;
    const typeUrl = "type.googleapis.com/prism.keyvalue.v1.GetRequest";
    const broken = { typeUrl, value: Buffer.from("\xff\xff\xff\xff", "latin1") };

    const garbage = client.executeBytes(Buffer.from("\xff\xff\xff\xff", "latin1"), { namespace });
    await expect(garbage).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    const inner = await client.execute(
      { operation: "get", params: { case: "typedParams", value: broken } },
      { namespace },
    );

    expect(inner.message.errorCode).toBe(Code.INVALID_ARGUMENT);
    expect(await kv.get("key")).toBeUndefined();
  });

  test("keeps operations that run at the same time apart", async () => {
    const kv = await subject.open();
    const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`);

    await Promise.all(keys.map((key) => kv.set(key, `value of ${key}`)));
    const values = await Promise.all(keys.map((key) => kv.text(key)));

    expect(values).toEqual(keys.map((key) => `value of ${key}`));
  });

  test("serves on when callers leave in the middle", async () => {
    const kv = await subject.open();

    const left = Array.from({ length: 20 }, async (_, i) => {
      const leaving = new AbortController();
      const params = { case: "rawParams" as const, value: randomBytes(1000 * i) };
      const call = instance().client.execute(
        { operation: "set", params },
        { namespace: kv.namespace, signal: leaving.signal },
      );
      leaving.abort();
      await expect(call).rejects.toMatchObject({ code: Code.CANCELLED });
    });

    await Promise.all(left);
    await kv.set("key", "served");
    expect(await kv.text("key")).toBe("served");
  });
}

function describeCounting(subject: Subject): void {
  test("counts what it runs and what fails, and reading the count destroys nothing", async () => {
    const kv = await subject.open();

    await kv.set("key", "1");
    await kv.get("key");
    await expect(kv.get("")).rejects.toMatchObject({ code: Code.INVALID_ARGUMENT });
    const first = await subject.instance().client.health(kv.namespace);
    const second = await subject.instance().client.health(kv.namespace);

    expect(first.metrics).toMatchObject({ requestsTotal: 3n, requestsFailed: 1n });
    expect(first.metrics?.latencyMs).toBeGreaterThan(0);
    expect(first.metrics?.intervalStartNs).toBeGreaterThan(0n);
    // Connections come and go by themselves, and so do turns of the event loop; what is counted stays.
    const { connectionsActive, connectionsIdle, eventLoop } = second.metrics ?? {};
    expect(second.metrics).toEqual({ ...first.metrics, connectionsActive, connectionsIdle, eventLoop });
  });
}

function describeEnd(subject: Subject): void {
  test("ends in order when it is told to: its socket is gone, its exit code 0", async () => {
    await using ended = await launchPlugin({ module: subject.plugin.module, home: subject.home });
    const namespace = subject.fresh();
    await ended.client.initialize(namespace, subject.plugin.config(), {
      credentials: subject.plugin.credentials?.() ?? {},
    });

    ended.terminate();

    expect(await ended.exited).toBe(0);
    expect(existsSync(ended.socket)).toBe(false);
  });

  // A worker thread ends with its process.
  if (subject.home === "worker") return;
  test("ends when its parent is gone", async () => {
    await using orphan = await launchPlugin({ module: subject.plugin.module, home: "process" });

    orphan.child?.stdin?.end();

    expect(await orphan.exited).toBe(0);
  });
}
