import { expect, test } from "vitest";
import { banner, type NamespaceState } from "../../src/cli/banner.js";

const sqlite: NamespaceState = {
  name: "default",
  backend: "sqlite",
  channel: "sidecar",
  ready: true,
  health: "HEALTHY",
  reason: "",
  operations: ["get", "set"],
};

const running = { version: "0.1.0", listen: ["127.0.0.1:50051"], tls: false, admin: "127.0.0.1:50052" };

test("the banner says what listens, and gives three lines to try on a namespace that is ready", () => {
  const text = banner({ ...running, namespaces: [sqlite] }, "./bin/run.js");

  expect(text).toContain("clients    127.0.0.1:50051");
  expect(text).toContain("operators  127.0.0.1:50052");
  expect(text.split("Try it:\n")[1]).toBe(
    [
      "  curl -X PUT --data-binary hello http://127.0.0.1:50051/v1/namespaces/default/kv/greeting",
      "  curl http://127.0.0.1:50051/v1/namespaces/default/kv/greeting",
      "  ./bin/run.js call default get --key greeting",
      "",
    ].join("\n"),
  );
});

test("a namespace that failed stands there with its reason, and is not the one to try", () => {
  const orders = {
    ...sqlite,
    name: "a",
    ready: false,
    reason: "no server at db:5432; it is tried again in 2 s",
  };

  const text = banner({ ...running, namespaces: [orders, sqlite] }, "prism");

  expect(text).toContain(
    "a        failed  sqlite, sidecar: no server at db:5432; it is tried again in 2 s\n",
  );
  expect(text).toContain("prism call default get");
});

test("a namespace whose plugin is unhealthy says so, and what is amiss", () => {
  const orders = { ...sqlite, name: "a", health: "UNHEALTHY", reason: "no server at db:5432" };

  const text = banner({ ...running, namespaces: [orders] }, "prism");

  expect(text).toContain("a  unhealthy  sqlite, sidecar: no server at db:5432\n");
});

test("where TLS is spoken it says so, and only a Unix socket is to try", () => {
  const secured = { ...running, tls: true, namespaces: [sqlite] };

  const alone = banner({ ...secured, listen: ["10.0.0.1:50051"] }, "prism");
  const beside = banner({ ...secured, listen: ["10.0.0.1:50051", "unix:/run/p.sock"] }, "prism");

  expect(alone).toContain("clients    10.0.0.1:50051  gRPC and HTTP, over TLS\n");
  expect(alone).not.toContain("Try it");
  expect(beside).toContain("clients    unix:/run/p.sock  gRPC and HTTP\n");
  expect(beside).toContain("curl --unix-socket /run/p.sock");
});

test("where nothing is ready there is nothing to try", () => {
  const text = banner({ ...running, namespaces: [] }, "prism");

  expect(text).not.toContain("Try it");
});

test("the lines to try name an address that is not the usual one, and go over a Unix socket where that is all there is", () => {
  const elsewhere = banner({ ...running, listen: ["127.0.0.1:7000"], namespaces: [sqlite] }, "prism");
  const socket = banner({ ...running, listen: ["unix:/run/p.sock"], namespaces: [sqlite] }, "prism");

  expect(elsewhere).toContain("prism call default get --key greeting --address 127.0.0.1:7000");
  expect(socket).toContain("curl --unix-socket /run/p.sock http://prism/v1/namespaces/default/kv/greeting");
});
