import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Metadata } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { ErrorInfoSchema } from "../../../../src/protocol/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../../../../src/protocol/gen/google/rpc/status_pb.js";
import { Admin, PluginInstance_State } from "../../../../src/protocol/gen/prism/admin/v1/admin_pb.js";
import { operatorToken } from "../../../support/operator-token.js";
import { StockClient } from "../../../support/stock-client.js";
import { inMemory, type RunningRuntime, startForTest } from "../../running-runtime.js";

const { method } = Admin;

function ask(admin: string): StockClient {
  const client = new StockClient(admin);
  onTestFinished(() => client.close());
  return client;
}

/** A reload by whoever may act, as they can read the state directory. */
async function reload(
  { admin, directory }: Pick<RunningRuntime, "admin" | "directory">,
  body: string,
  more: Record<string, string> = {},
): Promise<Response> {
  const headers = { ...(await operatorToken(join(directory, "state"))), ...more };
  return fetch(`http://${admin}/admin/plugin/reload`, { method: "POST", body, headers });
}

describe("the admin address", () => {
  test("tells the status over gRPC", async () => {
    const { admin, address, file } = await startForTest();

    const status = await ask(admin).unary(method.getStatus, {}, { namespace: "" });

    expect(status).toMatchObject({ listen: [address], admin, configFile: file, ready: true, problems: [] });
    expect(status.namespaces.map(({ name, ready }) => [name, ready])).toEqual([
      ["carts", true],
      ["orders", true],
    ]);
    expect(status.instances[0]).toMatchObject({ namespace: "carts", state: PluginInstance_State.READY });
  });

  test("tells a failure with its status, its reason and the nearest name", async () => {
    const { admin } = await startForTest();

    const failed = ask(admin).unary(method.getNamespace, { name: "order" }, { namespace: "" });

    const error = await failed.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 5, details: 'no namespace "order": did you mean "orders"?' });
    expect(reasonOf(error)).toBe("UNKNOWN_NAMESPACE");
  });

  test("speaks HTTP and gRPC on one port, also to one that sends byte by byte", async () => {
    const { admin } = await startForTest({ yaml: inMemory("orders") });
    const [host = "", port = ""] = admin.split(":");
    const socket = connect(Number(port), host).setNoDelay(true);
    await once(socket, "connect");

    for (const letter of "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") {
      socket.write(letter);
      await new Promise(setImmediate);
    }

    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK[^]*\{"status":"alive"\}/);
  });

  test("refuses who speaks TLS, to whom an answer over HTTP says nothing, and counts it", async () => {
    const { admin } = await startForTest({ yaml: inMemory("orders") });

    const [host = "", port = ""] = admin.split(":");
    const socket = connect(Number(port), host);
    socket.write(Buffer.from([0x16, 3, 1, 2, 0]));
    expect(await text(socket)).toBe("");

    const metrics = await (await fetch(`http://${admin}/metrics`)).text();
    expect(metrics).toContain('prism_refused_total{peer="operator",reason="protocol_error"} 1');
  });

  test("tells what there is to whoever asks for something else", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });
    const { admin } = running;

    const missing = await fetch(`http://${admin}/nothing`);
    const wrong = await reload(running, "");
    const twofold = await reload(running, '{"namespace":"carts","namespace":"orders"}');
    const got = await fetch(`http://${admin}/admin/plugin/reload`);

    expect([missing, wrong, twofold, got].map(({ status }) => status)).toEqual([404, 400, 400, 405]);
    expect(await missing.text()).toContain("/readyz");
    expect(got.headers.get("allow")).toBe("POST");
  });

  test("answers a reload over HTTP with the ledger, as curl sends it", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });
    await running.client.set("key", "value", { namespace: "orders" });

    const form = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await reload(running, '{"namespace": "orders"}', form);

    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      namespace: "orders",
      ledger: { started: 1, completed: 1, failed: 0, cut: 0, lost: 0 },
    });
  });

  test("tells a reload that fails as google.rpc.Status, and the old instance serves on", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });
    const { client } = running;
    await client.set("key", "value", { namespace: "orders" });

    const answer = await reload(running, '{"namespace": "orders", "version": "v9"}');

    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: 9,
      message: expect.stringContaining("v9") as string,
      details: [{ reason: "FAILED_PRECONDITION", domain: "prism" }],
    });
    expect(await client.get("key", { namespace: "orders" })).toBe("value");
  });

  test("takes no reload that could be read in two ways", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });

    const answer = await reload(running, '{"namespace": "orders", "namespace": "other"}');

    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('column 25: the key \\"namespace\\" stands twice');
  });

  test("takes no body without end", async () => {
    const running = await startForTest({ yaml: inMemory("orders") });

    expect((await reload(running, "x".repeat(70_000))).status).toBe(413);
  });

  test("exposes calls, durations, plugins and proxies to Prometheus", async () => {
    const { admin, client } = await startForTest({ yaml: inMemory("orders") });
    await client.set("key", "value", { namespace: "orders" });

    const page = await (await fetch(`http://${admin}/metrics`)).text();

    const labels = 'namespace="orders",operation="set",code="OK"';
    expect(page).toContain(`prism_calls_total{${labels}} 1`);
    expect(page).toContain(`prism_call_duration_seconds_bucket{${labels},le="+Inf"} 1`);
    expect(page).toContain(`prism_call_duration_seconds_count{${labels}} 1`);
    expect(page).toMatch(/prism_plugin_state\{.*state="ready"\} 1/);
    expect(page).toContain('prism_plugin_restarts_total{namespace="orders"} 0');
    expect(page).toContain("prism_proxies 1");
    expect(page).toContain("process_resident_memory_bytes");
  });
});

function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("metadata" in error) || !(error.metadata instanceof Metadata))
    return undefined;
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const [detail] = fromBinary(StatusSchema, Buffer.from(bytes ?? "")).details;
  return detail && anyUnpack(detail, ErrorInfoSchema)?.reason;
}
