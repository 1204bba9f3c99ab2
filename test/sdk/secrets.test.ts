import { connect } from "node:net";
import { expect, test } from "vitest";
import { type Call, Code, PluginError, streaming, unary } from "../../src/sdk/index.js";
import { callUnary, connectHttp2 } from "../../src/wire/index.js";
import { serveOperations } from "./support.js";

const secret = 'm4rker "1"/@';
const written = [secret, encodeURIComponent(secret), JSON.stringify(secret)].join(" ");
const hidden = '(hidden) (hidden) "(hidden)"';
const ns = { namespace: "ns" };
const bytes = { request: "bytes", response: "bytes" } as const;
const ignore = (): void => undefined;

const refuse = (): never => {
  throw new PluginError(Code.UNAVAILABLE, written);
};
const operations = {
  refuses: unary({ ...bytes, run: refuse }),
  refusesLater: unary({ ...bytes, run: async () => Promise.reject(new PluginError(Code.ABORTED, written)) }),
  fails: unary({
    ...bytes,
    run: () => {
      throw new Error(written);
    },
  }),
  logs: unary({
    ...bytes,
    run: (_request, { log }: Call) => {
      log.warn(written, { detail: written });
      return Buffer.alloc(0);
    },
  }),

  streams: streaming({
    ...bytes,
    async *run() {
      await Promise.resolve();
      refuse();
    },
  }),
};

test("an operation's error reaches its caller without the namespace's secrets, at once or later", async () => {
  await using served = await serveOperations(operations, { secrets: [secret] });

  for (const [operation, errorCode] of [
    ["refuses", Code.UNAVAILABLE],
    ["refusesLater", Code.ABORTED],
  ] as const) {
    const { message } = await served.client.execute({ operation }, ns);

    expect(message).toMatchObject({ success: false, error: hidden, errorCode });
  }
});

test("the error that ends a stream, or a call to a service of the plugin's own, has no secrets in it", async () => {
  const services = { "acme.v1.Shelf": { Get: unary({ ...bytes, run: refuse }) } };
  await using served = await serveOperations(operations, { secrets: [secret], namespace: { services } });
  const listener = { onAvailable: ignore, onGoaway: ignore, onClose: ignore };
  const connection = connectHttp2(connect(served.plugin.socket), {}, listener);

  const stream = served.client.stream(ns).on("data", ignore);
  const streamError = new Promise((resolve) => stream.on("error", resolve));
  stream.end({ operation: "streams" });
  const call = { path: "/acme.v1.Shelf/Get", headers: ["prism-namespace", "ns"], message: Buffer.alloc(0) };
  const serviceError = callUnary(connection, call).catch((reason: unknown) => reason);

  expect(await streamError).toMatchObject({ code: Code.UNAVAILABLE, details: hidden });
  expect(await serviceError).toMatchObject({ code: Code.UNAVAILABLE, message: hidden });
  connection.destroy();
});

test("nothing that the SDK logs, for an operation or of its own, has secrets in it", async () => {
  await using served = await serveOperations(operations, { secrets: [secret] });

  await served.client.execute({ operation: "logs" }, ns);
  await served.client.execute({ operation: "fails" }, ns);

  expect(served.lines).toContain(`warn: ${hidden} ${JSON.stringify({ namespace: "ns", detail: hidden })}`);
  expect(served.lines.join()).toContain("an operation threw what it did not foresee");
  expect(served.lines.join()).not.toContain("m4rker");
});

test("what a health check says and throws has no secrets in it", async () => {
  const details = { dsn: written };
  const says = { check: () => ({ status: "DEGRADED", message: written, details }) as const };
  await using saying = await serveOperations({}, { secrets: [secret], namespace: says });
  await using throwing = await serveOperations({}, { secrets: [secret], namespace: { check: refuse } });

  expect(await saying.client.health("ns")).toMatchObject({ message: hidden, details: { dsn: hidden } });
  expect(await throwing.client.health("ns")).toMatchObject({ message: hidden });
});

test("a namespace that is refused, or does not close in order, says why without its secrets", async () => {
  const close = refuse;
  await using served = await serveOperations({}, { secrets: [secret], namespace: { close } });

  const refusal = await served.client.initialize("other", { refuse: written }, { secrets: [secret] });
  const shutdown = await served.client.shutdown("ns");

  expect(refusal).toMatchObject({ success: false, error: hidden });
  expect(shutdown).toMatchObject({ success: false, error: hidden });
});

test("what a plugin calls secret in its config is told to Prism, and hidden in what it says, a refusal too", async () => {
  await using served = await serveOperations({}, { secretConfig: ["refuse"] });

  const refusal = await served.client.initialize("other", { refuse: secret });

  expect(refusal).toMatchObject({ success: false, error: "(hidden)", secretConfig: ["refuse"] });
});
