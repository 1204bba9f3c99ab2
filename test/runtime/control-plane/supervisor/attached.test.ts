import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus,
} from "../../../../src/protocol/gen/grpc/health/v1/health_pb.js";
import { until } from "../../../support/running-prism.js";
import { StockServer } from "../../../support/stock-server.js";
import type { Namespace, PluginSettings } from "../../../../src/runtime/model/namespace.js";
import { builtIn, fixture, isAlive, namespaceOn, Supervised } from "../supervised.js";

let prism: Supervised;
beforeEach(async () => {
  prism = await Supervised.begin();
});
afterEach(() => prism.end());

/** A namespace on a plugin that somebody else starts. */
function attachedTo(name: string, settings: Partial<PluginSettings> = {}): Namespace {
  const code = { kind: "attached", socket: `${prism.directory}/${name}` } as const;
  return namespaceOn("", { plugin: { code, ...settings } });
}

describe("a plugin that somebody else starts", () => {
  test("is dialled at its socket, and left running when the namespace ends", async () => {
    const plugin = await prism.startByHand(builtIn("memory"));

    await prism.supervisor.start(attachedTo("by-hand"));
    expect(prism.routes.current?.instance).toEqual({
      id: "orders-1",
      socket: plugin.socket,
      token: "",
      secrets: [],
    });
    await prism.supervisor.remove("orders");

    expect(isAlive(plugin.pid)).toBe(true);
  });

  test("may come later: until then the operator reads what is missing, and it serves once it is there", async () => {
    await prism.supervisor.start(attachedTo("late", { startTimeoutMs: 50 }));
    expect(prism.status.reason).toMatch(/is not there: there is no such socket \(.*\/late\); start it/);

    await prism.startByHand(fixture("answers-slowly.js"), { name: "late" });

    await prism.until(() => prism.status.ready);
  });

  test("is out of the route when its connection is lost, and initialized again when it is back", async () => {
    const plugin = await prism.startByHand(fixture("answers-slowly.js"));
    await prism.supervisor.start(attachedTo("by-hand"));

    await plugin.kill();
    await until("the route to be taken out", () => prism.routes.current?.instance === undefined);
    await prism.startByHand(fixture("answers-slowly.js"));
    await prism.until(() => prism.status.ready);

    expect(prism.log.text).toContain("closed its connection");
    expect(prism.routes.current?.instance?.id).not.toBe("orders-1");
  });

  test("and refuses its configuration is asked again: another version may come up behind its socket", async () => {
    await prism.startByHand(builtIn("memory"));

    await prism.supervisor.start({ ...attachedTo("by-hand"), config: { max_bites: 1 } });

    expect(prism.status.reason).toContain("max_bites");
    expect(prism.status.outlook).toMatch(/^it is started again in \d+ ms$/);
  });

  test("and that has the token proves it", async () => {
    await prism.startByHand(builtIn("memory"), { token: "swordfish" });

    await prism.supervisor.start(attachedTo("by-hand", { token: "swordfish" }));

    expect(prism.status).toMatchObject({ ready: true });
    expect(prism.routes.current?.instance?.token).toBe("swordfish");
  });

  test("and that does not prove that it has the token is refused", async () => {
    await prism.startByHand(fixture("answers-slowly.js"));

    await prism.supervisor.start(attachedTo("by-hand", { token: "swordfish" }));

    expect(prism.status).toMatchObject({ ready: false });
    expect(prism.status.reason).toContain(
      "does not prove that it holds the token: start it with PRISM_PLUGIN_TOKEN",
    );
    expect(prism.log.text).not.toContain("swordfish");
  });

  test("and that has another token refuses to be called", async () => {
    await prism.startByHand(builtIn("memory"), { token: "another" });

    await prism.supervisor.start(attachedTo("by-hand", { token: "swordfish" }));

    expect(prism.status.reason).toContain("UNAUTHENTICATED");
  });
});

describe("a gRPC server that does not know the plugin protocol", () => {
  const services = ["acme.billing.v1.Invoices"];
  let server: StockServer;
  beforeEach(async () => {
    server = new StockServer();
    await server.listen(`unix:${prism.directory}/plain`);
  });
  afterEach(() => server.stop());

  test("is served by the services that plugin.services names, and ends without being told", async () => {
    await prism.supervisor.start(attachedTo("plain", { services }));

    expect(prism.status).toMatchObject({ ready: true, reason: "" });
    expect(prism.routes.current).toMatchObject({ services, operations: [], fileDescriptors: [] });
    await prism.supervisor.remove("orders");
    expect(prism.log.text).not.toContain("did not end in order");
  });

  test("is well while it answers, and no more when it is gone", async () => {
    const health = { intervalMs: 1, timeoutMs: 1_000, unhealthyAfter: 1 };
    await prism.supervisor.start(attachedTo("plain", { services, health }));
    expect(prism.supervisor.instances()).toMatchObject([{ health: "HEALTHY", version: "" }]);

    server.stop();

    await until("the route to be taken out", () => prism.routes.current?.instance === undefined);
  });

  test("says by grpc.health.v1 how it fares, where it serves that", async () => {
    const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;
    const healthy = new StockServer();
    let status = SERVING;
    healthy.unary(Health.method.check, () => ({ status }));
    await healthy.listen(`unix:${prism.directory}/healthy`);
    const health = { intervalMs: 1, timeoutMs: 1_000, unhealthyAfter: 1 };
    await prism.supervisor.start(attachedTo("healthy", { services, health }));
    expect(prism.supervisor.instances()).toMatchObject([{ health: "HEALTHY" }]);

    status = NOT_SERVING;

    const isUnwell = (): boolean => prism.supervisor.instances()[0]?.health === "UNHEALTHY";
    await until("the instance to be unwell", isUnwell);
    expect(prism.status.reason).toContain("does not say SERVING");
    healthy.stop();
  });

  test("is refused where plugin.services names none", async () => {
    await prism.supervisor.start(attachedTo("plain"));

    expect(prism.status.reason).toContain("answered Initialize with UNIMPLEMENTED");
  });

  test("is refused where there is a token, which it cannot prove to hold", async () => {
    await prism.supervisor.start(attachedTo("plain", { services, token: "swordfish" }));

    expect(prism.status.reason).toContain("does not prove that it holds the token");
  });
});
