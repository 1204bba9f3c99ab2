import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Code, connect, type PrismClient } from "../../src/client/index.js";
import { Admin, ReloadPluginResponse_Step as Step } from "../../src/protocol/gen/prism/admin/v1/admin_pb.js";
import { KeyValue } from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { freePort } from "../support/running-prism.js";
import { failure, StockServer } from "../support/stock-server.js";

const opened: { stop?(): void; close?(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) (each.close ?? each.stop)?.call(each);
});

async function serve(server: StockServer, address?: string): Promise<string> {
  opened.push(server);
  return server.listen(address);
}

function client(target: Parameters<typeof connect>[0]): PrismClient {
  const made = connect(target);
  opened.push(made);
  return made;
}

describe("a unary call", () => {
  test("carries the namespace and the deadline, and brings the typed answer", async () => {
    let deadlineAt = Infinity;
    const server = new StockServer().unary(KeyValue.method.get, ({ key }, { headers, deadline }) => {
      deadlineAt = Number(deadline);
      return { found: true, value: Buffer.from(`${key} of ${String(headers.get("prism-namespace")[0])}`) };
    });
    const prism = client({ address: await serve(server) });

    const answer = await prism.unary(
      KeyValue.method.get,
      { key: "k" },
      { namespace: "orders", deadlineMs: 9_000 },
    );

    expect(answer.found).toBe(true);
    expect(Buffer.from(answer.value).toString()).toBe("k of orders");
    expect(deadlineAt).toBeLessThan(Infinity);
  });

  test("goes over a Unix socket as well", async () => {
    const directory = await mkdtemp(join(tmpdir(), "prism-client-"));
    const socket = join(directory, "s.sock");
    await serve(
      new StockServer().unary(KeyValue.method.exists, () => ({ exists: true })),
      `unix:${socket}`,
    );

    const targets = [{ socket }, { address: `unix:${socket}` }];
    const answers = targets.map((target) => client(target).unary(KeyValue.method.exists, { key: "k" }));

    expect((await Promise.all(answers)).map(({ exists }) => exists)).toEqual([true, true]);
    await rm(directory, { recursive: true });
  });

  test("that fails has the kind and the facts that Prism told", async () => {
    const server = new StockServer().unary(KeyValue.method.get, () => {
      throw failure(Code.NOT_FOUND, 'no namespace "ordres"; did you mean "orders"?', {
        reason: "UNKNOWN_NAMESPACE",
        metadata: { nearest: "orders" },
      });
    });
    const prism = client({ address: await serve(server) });

    const failed = prism.unary(KeyValue.method.get, { key: "k" }, { namespace: "ordres" });

    await expect(failed).rejects.toMatchObject({
      name: "PrismError",
      kind: "unknownNamespace",
      code: Code.NOT_FOUND,
      message: 'no namespace "ordres"; did you mean "orders"?',
      info: { nearest: "orders" },
    });
  });

  test("that fails without details has the kind its code suggests", async () => {
    const prism = client({ address: await serve(new StockServer()) });

    const failed = prism.unary(KeyValue.method.get, { key: "k" });

    await expect(failed).rejects.toMatchObject({ kind: "unknownMethod", code: Code.UNIMPLEMENTED });
  });

  test("past its deadline ends with deadlineExceeded", async () => {
    const server = new StockServer().unary(KeyValue.method.get, () => new Promise<never>(() => undefined));
    const prism = client({ address: await serve(server) });

    const failed = prism.unary(KeyValue.method.get, { key: "k" }, { deadlineMs: 50 });

    await expect(failed).rejects.toMatchObject({ kind: "deadlineExceeded", code: Code.DEADLINE_EXCEEDED });
  });

  test("that its caller leaves ends with cancelled, and the server hears of it", async () => {
    const caller = new AbortController();
    const heard = new Promise((resolve) => {
      const server = new StockServer().unary(KeyValue.method.get, (_, { left }) => {
        left.addEventListener("abort", resolve);
        caller.abort();
        return new Promise<never>(() => undefined);
      });
      void serve(server).then(async (address) => {
        const failed = client({ address }).unary(
          KeyValue.method.get,
          { key: "k" },
          { signal: caller.signal },
        );
        await expect(failed).rejects.toMatchObject({ kind: "cancelled" });
      });
    });

    await expect(heard).resolves.toBeDefined();
  });
});

describe("the connection", () => {
  test("that nobody answers fails the call as unreachable, with the address and the remedy", async () => {
    const address = `127.0.0.1:${await freePort()}`;

    const failed = client({ address }).unary(KeyValue.method.get, { key: "k" });

    await expect(failed).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(`${address}.*prism serve`) as string,
    });
  });

  test("to an address that is none fails the call as unreachable, and says what one looks like", async () => {
    const failed = client({ address: "localhost" }).unary(KeyValue.method.get, { key: "k" });

    await expect(failed).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("host:port") as string,
    });
  });

  test("is made anew by the next call when the server went away and came back", async () => {
    const make = () => new StockServer().unary(KeyValue.method.exists, () => ({ exists: true }));
    const first = make();
    const address = await serve(first);
    const prism = client({ address });
    await prism.unary(KeyValue.method.exists, { key: "k" });

    first.stop();
    await expect(prism.unary(KeyValue.method.exists, { key: "k" })).rejects.toMatchObject({
      code: Code.UNAVAILABLE,
    });
    await serve(make(), address);
    const answer = await prism.unary(KeyValue.method.exists, { key: "k" });

    expect(answer.exists).toBe(true);
  });

  test("carries many calls at once, each with its own answer", async () => {
    const server = new StockServer().unary(KeyValue.method.increment, ({ delta }) => ({ value: delta }));
    const prism = client({ address: await serve(server) });
    const deltas = Array.from({ length: 500 }, (_, index) => BigInt(index));

    const answers = await Promise.all(
      deltas.map((delta) => prism.unary(KeyValue.method.increment, { key: "k", delta })),
    );

    expect(answers.map(({ value }) => value)).toEqual(deltas);
  });

  test("takes no calls once it is closed", async () => {
    const prism = client({ address: "127.0.0.1:1" });
    prism.close();

    const failed = prism.unary(KeyValue.method.get, { key: "k" });

    await expect(failed).rejects.toMatchObject({ kind: "shuttingDown" });
  });
});

describe("a server-streaming call", () => {
  test("brings every message in its order, then ends", async () => {
    const steps = [Step.LAUNCH, Step.POINT, Step.DONE];
    const server = new StockServer().streaming(Admin.method.reloadPlugin, async function* () {
      for (const step of steps) yield await Promise.resolve({ step });
    });
    const prism = client({ address: await serve(server) });

    const told: Step[] = [];
    for await (const { step } of prism.serverStream(Admin.method.reloadPlugin, { namespace: "n" })) {
      told.push(step);
    }

    expect(told).toEqual(steps);
  });

  test("that fails midway brings what came before, then rejects", async () => {
    const server = new StockServer().streaming(Admin.method.reloadPlugin, async function* () {
      yield await Promise.resolve({ step: Step.LAUNCH });
      throw failure(Code.FAILED_PRECONDITION, "v2 does not start", {
        reason: "FAILED_PRECONDITION",
      });
    });
    const prism = client({ address: await serve(server) });
    const steps = prism.serverStream(Admin.method.reloadPlugin, { namespace: "n" });

    const first = await steps.next();
    const failed = steps.next();

    expect(first.value).toMatchObject({ step: Step.LAUNCH });
    await expect(failed).rejects.toMatchObject({ kind: "failedPrecondition", message: "v2 does not start" });
  });

  test("is left by leaving the loop, and the server hears of it", async () => {
    let hear: () => void;
    const heard = new Promise<void>((resolve) => (hear = resolve));
    const server = new StockServer().streaming(Admin.method.reloadPlugin, async function* (_, { left }) {
      left.addEventListener("abort", () => hear());
      yield await Promise.resolve({ step: Step.LAUNCH });
      await heard;
    });
    const prism = client({ address: await serve(server) });

    for await (const { step } of prism.serverStream(Admin.method.reloadPlugin, { namespace: "n" })) {
      expect(step).toBe(Step.LAUNCH);
      break;
    }

    await expect(heard).resolves.toBeUndefined();
  });
});
