import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Proxied } from "../proxied.js";
import { type Asked, carriers } from "./ask.js";
import { keepValues } from "./key-value-stub.js";

const key = "/v1/namespaces/orders/kv/a";
const json = { "content-type": "application/json" };
const page = { origin: "https://app.example.com" };
const asked: [what: string, asked: Asked][] = [
  ["a stored value", { method: "GET", path: key }],
  ["a stored value's head", { method: "HEAD", path: key }],
  ["what was stored", { method: "PUT", path: key, body: "<script>" }],
  ["JSON", { method: "POST", path: "/v1/namespaces/orders/get", headers: json, body: '{"key":"a"}' }],
  ["JSON that is refused", { method: "POST", path: "/v1/namespaces/orders/get", headers: json, body: "<b>" }],
  ["the namespaces", { method: "GET", path: "/v1/namespaces" }],
  ["a path that nobody serves", { method: "GET", path: "/v1/<script>" }],
  ["health", { method: "GET", path: "/healthz" }],
  ["a page of another origin", { method: "PUT", path: key, headers: page }],
  [
    "a preflight",
    { method: "OPTIONS", path: key, headers: { ...page, "access-control-request-method": "PUT" } },
  ],
];

let prism: Proxied;
beforeEach(async () => {
  prism = await Proxied.start();
  keepValues(prism.plugin).set("a", Buffer.from("<script>"));
});
afterEach(() => prism.stop());

describe.each(carriers)(
  "over %s every answer tells browsers to take it for what its type says:",
  (_version, ask) => {
    test.each(asked)("%s", async (_what, request) => {
      const { headers } = await ask(prism.port, request);

      expect(headers["x-content-type-options"]).toBe("nosniff");
    });
  },
);

test("over HTTP/1.1 so does the refusal of what is no request", async () => {
  const socket = connect(prism.port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n folded\r\n\r\n");

  expect(await text(socket)).toMatch(/^x-content-type-options: nosniff\r$/m);
});
