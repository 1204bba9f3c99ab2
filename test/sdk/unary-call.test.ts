import { expect, test } from "vitest";
import { Code, PluginError, streaming, unary, type UnarySettings } from "../../src/sdk/index.js";
import { deferred, serveOperations } from "./support.js";

type Run = UnarySettings<"bytes", "bytes">["run"];
const bytes = (run: Run) => unary({ request: "bytes", response: "bytes", run });
const raw = (operation: string, value: Uint8Array = new Uint8Array()) => ({
  operation,
  params: { case: "rawParams" as const, value },
});
const ns = { namespace: "ns" };

test("answers at once and later alike, whatever can be awaited", async () => {
  const thenable = { then: (done: (value: Uint8Array) => void) => done(Buffer.from("thenable")) };
  await using served = await serveOperations({
    now: bytes(() => Buffer.from("now")),
    later: bytes(async () => Buffer.from(await Promise.resolve("later"))),
    thenable: bytes(() => thenable as unknown as Promise<Uint8Array>),
  });

  for (const operation of ["now", "later", "thenable"]) {
    const { message, trailers } = await served.client.execute(raw(operation), ns);

    expect(String(Buffer.from(message.result.value as Uint8Array))).toBe(operation);
    expect(message.success).toBe(true);
    expect(trailers.get("prism-error-code")).toEqual([]);
  }
});

test("carries messages of any size up to its bound, and names the bound above it", async () => {
  const echo = bytes((value) => value);
  await using served = await serveOperations({ echo }, { maxMessageBytes: 3_000_000 });

  for (const size of [0, 1, 16_384, 65_535, 2_900_000]) {
    const value = Buffer.alloc(size, size);
    const { message } = await served.client.execute(raw("echo", value), ns);
    expect(value.equals(message.result.value as Uint8Array)).toBe(true);
  }
  const tooLarge = served.client.execute(raw("echo", Buffer.alloc(3_000_001)), ns);

  await expect(tooLarge).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED, message: /3000000 bytes/ });
});

test("what an operation keeps of its request stays as it was", async () => {
  const kept: Uint8Array[] = [];
  const keep = bytes((value) => {
    kept.push(value);
    return value;
  });
  await using served = await serveOperations({ keep });

  await Promise.all(
    Array.from({ length: 100 }, (_, i) => served.client.execute(raw("keep", Buffer.alloc(50, i)), ns)),
  );

  expect(kept.map((value) => value.every((byte) => byte === value[0]) && value[0]).sort()).toEqual(
    Array.from({ length: 100 }, (_, i) => i).sort(),
  );
});

test("tells the code and the sentence an operation threw, thrown at once or later", async () => {
  const error = () => new PluginError(Code.ABORTED, "another writer was faster: try again");
  await using served = await serveOperations({
    now: bytes(() => {
      throw error();
    }),
    later: bytes(() => Promise.reject(error())),
  });

  for (const operation of ["now", "later"]) {
    const { message, trailers } = await served.client.execute(raw(operation), ns);

    expect(message).toMatchObject({
      success: false,
      error: "another writer was faster: try again",
      errorCode: 10,
    });
    expect(trailers.get("prism-error-code")).toEqual(["10"]);
  }
});

test("an error that nobody foresaw fails its own call, without details, and stands in the log", async () => {
  await using served = await serveOperations({
    bug: bytes(() => {
      throw new TypeError("the password is hunter2");
    }),
    fine: bytes(() => Buffer.from("fine")),
  });

  const [bug, fine] = await Promise.all([
    served.client.execute(raw("bug"), ns),
    served.client.execute(raw("fine"), ns),
  ]);

  expect(bug.message).toMatchObject({ success: false, errorCode: Code.INTERNAL });
  expect(bug.message.error).not.toContain("hunter2");
  expect(fine.message.success).toBe(true);
  expect(served.lines.join()).toContain("hunter2");
});

test("a call past its deadline ends so, and its operation is told", async () => {
  const told = deferred<unknown>();
  await using served = await serveOperations({
    slow: bytes((_, { signal, deadline }) => {
      expect(deadline).toBeGreaterThan(Date.now() - 1000);
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          told.resolve(signal.reason);
          resolve(new Uint8Array());
        }),
      );
    }),
  });

  const slow = served.client.execute(raw("slow"), { ...ns, timeoutMs: 50 });

  await expect(slow).rejects.toMatchObject({ code: Code.DEADLINE_EXCEEDED });
  expect(await told.promise).toBeInstanceOf(Error);
});

test("the operation of a caller that leaves is told, also when it asks only afterwards", async () => {
  const begun = deferred();
  const told = deferred<boolean>();
  const asked = deferred();
  await using served = await serveOperations({
    slow: bytes(async (_, call) => {
      begun.resolve();
      await asked.promise;
      told.resolve(call.signal.aborted);
      return new Uint8Array();
    }),
    ping: bytes(() => new Uint8Array()),
  });
  const leaving = new AbortController();

  const left = served.client.execute(raw("slow"), { ...ns, signal: leaving.signal });
  await begun.promise;
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: Code.CANCELLED });
  await served.client.execute(raw("ping"), ns);
  asked.resolve();

  expect(await told.promise).toBe(true);
});

test("a call knows who calls and its trace from the metadata, also after it has waited", async () => {
  const who: Run = async (_, call) => {
    const principal = await Promise.resolve("");
    return Buffer.from(
      [principal, call.principal, call.traceparent, call.namespace, call.operation].join("|"),
    );
  };
  await using served = await serveOperations({ who: bytes(who) });
  const metadata = { "prism-principal": "user:ann", traceparent: "00-1-2-01" };

  const { message } = await served.client.execute({ ...raw("who"), metadata }, ns);

  expect(String(Buffer.from(message.result.value as Uint8Array))).toBe("|user:ann|00-1-2-01|ns|who");
});

test("refuses an operation that streams, and says what calls it", async () => {
  const operation = streaming({ request: "bytes", response: "bytes", run: (requests) => requests });
  await using served = await serveOperations({ watch: operation });

  const { message } = await served.client.execute(raw("watch"), ns);

  expect(message).toMatchObject({
    success: false,
    errorCode: Code.UNIMPLEMENTED,
    error: 'the operation "watch" streams: call it by ExecuteStream',
  });
});

test("refuses an operation it does not have, tells those it has, and the one that was meant", async () => {
  const echo = bytes((value) => value);
  await using served = await serveOperations({ echo, vacuum: echo });

  const near = await served.client.execute(raw("vacum"), ns);
  const far = await served.client.execute(raw("analyze"), ns);

  expect(near.message.error).toBe('no operation "vacum": there are echo, vacuum; did you mean "vacuum"?');
  expect(far.message.error).toBe('no operation "analyze": there are echo, vacuum');
});
