import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../../src/protocol/gen/grpc/health/v1/health_pb.js";
import { healthConversations } from "../../../../src/runtime/data-plane/local/health.js";
import { LocalServices } from "../../../../src/runtime/data-plane/local/local-services.js";
import { Routes } from "../../../../src/runtime/data-plane/route/routes.js";
import type { Route } from "../../../../src/runtime/model/route-table.js";
import { defaultLimits } from "../../../support/default-limits.js";
import { Proxied } from "../proxied.js";
import { RawClient } from "../raw-client.js";
import { LocalTestCall } from "./local-client.js";

const { check, list, watch } = Health.method;

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start();
  raw = await RawClient.connect(prism.port);
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

function route(namespace: string, isServed = true): Route {
  const instance = { id: `${namespace}-1`, socket: prism.socket, token: "" };
  const served = { operations: [], services: [], fileDescriptors: [], deadlineMs: 0 };
  return { namespace, ...served, ...(isServed ? { instance } : {}) };
}

function watching(service: string): LocalTestCall<typeof watch.input, typeof watch.output> {
  return new LocalTestCall(raw, watch).send({ service }, true);
}

/** One round trip on the same connection: what was sent before it has come. */
async function roundTrip(): Promise<void> {
  await new LocalTestCall(raw, check).send({}, true).result;
}

describe("Health/Check", () => {
  test("tells of Prism itself and of each namespace, and asks for no namespace", async () => {
    prism.routes([route("orders"), route("away", false), { ...route("ill"), isUnhealthy: true }]);
    const ask = async (service: string) => prism.client.unary(check, { service }, { namespace: "" });

    expect(await ask("")).toMatchObject({ status: Status.SERVING });
    expect(await ask("orders")).toMatchObject({ status: Status.SERVING });
    expect(await ask("away")).toMatchObject({ status: Status.NOT_SERVING });
    expect(await ask("ill")).toMatchObject({ status: Status.NOT_SERVING });
    await expect(ask("ordes")).rejects.toMatchObject({
      code: 5,
      details: expect.stringContaining('"ordes"') as string,
    });
    await expect(ask("constructor")).rejects.toMatchObject({ code: 5 });
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("is counted once, as a call to Prism itself", async () => {
    await prism.client.unary(check, {}, { namespace: "" });
    await prism.client.unary(check, {}, { namespace: "orders" });
    await prism.client.unary(check, { service: "none" }, { namespace: "" }).catch(() => undefined);

    expect(prism.counted("grpc.health.v1.Health/Check", "OK", "(prism)")).toBe(2);
    expect(prism.counted("grpc.health.v1.Health/Check", "NOT_FOUND", "(prism)")).toBe(1);
    expect(prism.plane.counters().calls).toHaveLength(2);
  });
});

describe("Health/List", () => {
  test("tells of all at once", async () => {
    prism.routes([route("orders"), route("away", false)]);

    const { statuses } = await prism.client.unary(list, {}, { namespace: "" });

    const told = Object.fromEntries(Object.entries(statuses).map(([name, { status }]) => [name, status]));
    expect(told).toEqual({ "": Status.SERVING, orders: Status.SERVING, away: Status.NOT_SERVING });
  });

  test("is refused where there are more than gRPC's own bound of 100", async () => {
    const listing = (namespaces: number) => {
      prism.routes(Array.from({ length: namespaces }, (_, n) => route(`ns-${n}`)));
      return prism.client.unary(list, {}, { namespace: "" });
    };

    expect(Object.keys((await listing(99)).statuses)).toHaveLength(100);
    await expect(listing(100)).rejects.toMatchObject({ code: 8 });
  });
});

describe("Health/Watch", () => {
  test("tells how a namespace is, and then each change and nothing else", async () => {
    const call = watching("orders");
    await call.untilAnswers(1);

    prism.routes([route("orders"), route("another")]);
    prism.routes([route("orders", false)]);
    await call.untilAnswers(2);
    prism.routes([route("orders", false), route("another")]);
    prism.routes([]);
    await call.untilAnswers(3);
    prism.routes([route("orders")]);
    await call.untilAnswers(4);
    await roundTrip();

    const told = call.answers.map(({ status }) => status);
    expect(told).toEqual([Status.SERVING, Status.NOT_SERVING, Status.SERVICE_UNKNOWN, Status.SERVING]);
  });

  test("of what is not there stays open, and tells when it has come", async () => {
    const call = watching("later");
    const [first] = await call.untilAnswers(1);

    prism.routes([route("orders"), route("later")]);

    expect(first).toMatchObject({ status: Status.SERVICE_UNKNOWN });
    expect((await call.untilAnswers(2)).at(-1)).toMatchObject({ status: Status.SERVING });
  });

  test.each(["", "orders"])('ends with NOT_SERVING at a stop (service "%s")', async (service) => {
    const call = watching(service);
    await call.untilAnswers(1);

    const stopped = prism.plane.stop(60_000);

    expect(await call.result).toMatchObject({ status: "14" });
    expect(call.answers.map(({ status }) => status)).toEqual([Status.SERVING, Status.NOT_SERVING]);
    await stopped;
    expect(prism.counted("grpc.health.v1.Health/Watch", "UNAVAILABLE", "(prism)")).toBe(1);
  });

  test("tells a client that does not read how it is in the end, not all that it missed", async () => {
    const changes = 400_000;
    const call = watching("orders");
    call.raw.reads = false;
    await call.untilAnswers(1);

    for (let n = 0; n < changes; n++) prism.routes([route("orders", n % 2 === 0)]);
    prism.routes([]);
    call.raw.resume();
    while (call.answers.at(-1)?.status !== Status.SERVICE_UNKNOWN) await roundTrip();

    expect(call.answers.length).toBeLessThan(changes / 2);
  });

  test("is told of no more when its client has left", () => {
    const routes = new Routes(
      { generation: 0, routes: { orders: route("orders") } },
      {
        onUnreachable: () => undefined,
        onRefused: () => undefined,
        backlog: { take: () => true, give: () => undefined },
        limits: defaultLimits,
      },
    );
    const services = new LocalServices(routes, defaultLimits);
    const [, watch] = healthConversations.find(([operation]) => operation.endsWith("/Watch")) ?? [];
    let told = 0;
    const answers = { isFull: false, send: () => (told += 1), end: () => undefined };

    const conversation = watch?.(answers, { namespace: "", services });
    conversation?.onMessage(Buffer.from("\n\x06orders"));
    conversation?.onClose();
    routes.replace({ generation: 1, routes: {} });
    services.statuses.tableChanged();

    expect(told).toBe(1);
  });

  test("is counted as cancelled when its client leaves", async () => {
    const call = watching("orders");
    await call.untilAnswers(1);

    call.raw.stream.reset(8);
    await roundTrip();

    expect(prism.counted("grpc.health.v1.Health/Watch", "CANCELLED", "(prism)")).toBe(1);
  });

  test("keeps its deadline", async () => {
    const headers = { "grpc-timeout": "50m" };

    const call = new LocalTestCall(raw, watch, { headers }).send({}, true);

    expect(await call.result).toMatchObject({ status: "4" });
    expect(call.answers).toHaveLength(1);
  });
});
