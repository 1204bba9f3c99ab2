import { expect, test } from "vitest";
import { statusPage } from "../../src/cli/tables.js";
import type { StatusView } from "../../src/cli/views.js";

test("prism status tells every problem of the declarations and files that are watched", async () => {
  const status: StatusView = {
    version: "0.1.0",
    ready: true,
    pid: 1,
    uptimeMs: 5000,
    listen: ["127.0.0.1:50051"],
    admin: "127.0.0.1:50052",
    configFile: "/etc/prism.yaml",
    proxies: [],
    namespaces: [],
    instances: [],
    problems: ["server.tls.key: server.key is not the key of server.pem"],
  };

  expect(await statusPage(status)).toContain("server.tls.key: server.key is not the key of server.pem");
});
