import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { connect } from "node:http2";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { h2load } from "../servers/h2load.js";
import { pythonWithGrpc } from "../servers/python.js";
import { type RunningPrism, servePrism } from "../support/running-prism.js";
import { keyValueMethods, StockClient } from "../support/stock-client.js";

const run = promisify(execFile);
const getPath = "/prism.keyvalue.v1.KeyValue/Get";
const grpcHeaders = ["content-type: application/grpc", "te: trailers", "prism-namespace: default"];
/** A gRPC message: GetRequest{key: "a"}. */
const getMessage = Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x61]);

let prism: RunningPrism;
beforeAll(async () => {
  prism = await servePrism();
  await writeFile(join(prism.directory, "get.bin"), getMessage);
});
afterAll(() => prism.stop());

describe("clients of every kind read and write", () => {
  test("grpc-js, from an empty value to 32 MiB, with the error of a wrong namespace naming the nearest", async () => {
    const client = new StockClient(prism.address);
    const large = Buffer.alloc(32 * 1024 * 1024, 5);

    await client.set("empty", "");
    await client.unary(keyValueMethods.set, { key: "large", value: large });
    const { value } = await client.unary(keyValueMethods.get, { key: "large" });

    expect(await client.get("empty")).toBe("");
    expect(large.equals(value)).toBe(true);
    await expect(client.get("x", { namespace: "defualt" })).rejects.toMatchObject({
      code: 5,
      details: expect.stringContaining('"default"') as string,
    });
    await expect(client.get("x", { namespace: "" })).rejects.toMatchObject({ code: 3 });
    client.close();
  });

  test("Python's grpcio, compressed or not", async () => {
    const program = new URL("../fixtures/python-client.py", import.meta.url).pathname;

    const { stdout } = await run(pythonWithGrpc(), [program, prism.address]);

    expect(stdout).toMatch(/^NOT_FOUND .*"default"/);
  });

  test("curl over HTTP/1.1 and over HTTP/2 with prior knowledge", async () => {
    const url = `http://${prism.address}/v1/namespaces/default/kv/from%20curl`;
    const headers = grpcHeaders.flatMap((header) => ["-H", header]);

    await run("curl", ["-sSf", "-X", "PUT", "--data-binary", "hello", url]);
    const read = await run("curl", ["-sSf", url]);
    const grpc = [
      "-sS",
      "--http2-prior-knowledge",
      "-D",
      "-",
      "-o",
      "/dev/null",
      "--data-binary",
      `@${prism.directory}/get.bin`,
    ];
    const { stdout } = await run("curl", [...grpc, ...headers, `http://${prism.address}${getPath}`]);

    expect(read.stdout).toBe("hello");
    expect(stdout).toMatch(/^HTTP\/2 200/);
    expect(stdout).toMatch(/grpc-status: 0/);
  });

  test("h2load: thousands of calls on many streams, none fails", async () => {
    const headers = grpcHeaders.flatMap((header) => ["-H", header]);
    const load = ["-n", "5000", "-c", "10", "-m", "20", "-d", join(prism.directory, "get.bin"), ...headers];

    const { stdout } = await run(h2load(), [...load, `http://${prism.address}${getPath}`]);

    expect(stdout).toContain("5000 succeeded, 0 failed, 0 errored, 0 timeout");
  });

  test("node:http2", async () => {
    const session = connect(`http://${prism.address}`);
    const request = session.request({
      ":method": "POST",
      ":path": getPath,
      "content-type": "application/grpc",
      te: "trailers",
      "prism-namespace": "default",
    });
    const trailers = new Promise((resolve) => request.on("trailers", resolve));
    request.resume();

    request.end(getMessage);

    expect(await trailers).toMatchObject({ "grpc-status": "0" });
    session.destroy();
  });
});

test("a plugin in Python, compiled from the RFC's own text, is served as a sidecar", async () => {
  const program = new URL("../fixtures/plugins/rfc-plugin.py", import.meta.url).pathname;
  const command = JSON.stringify([pythonWithGrpc(), program]);
  const python = await servePrism({
    yaml: `namespaces: [{ name: default, backend: rfc, plugin: { type: sidecar, command: ${command} } }]\n`,
  });
  const client = new StockClient(python.address);

  await client.set("a", "from a plugin in Python");
  const value = await client.get("a");
  const unserved = client.unary(keyValueMethods.increment, { key: "a", delta: 1n });

  expect(value).toBe("from a plugin in Python");
  await expect(unserved).rejects.toMatchObject({ code: 12 });
  client.close();
  await python.stop();
});
