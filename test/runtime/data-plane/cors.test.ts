import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, describe, expect, test } from "vitest";
import { GetRequestSchema } from "../../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { HeaderList } from "../../../src/wire/index.js";
import { type AnswerHead, versions, WebClient } from "./grpc-web/web-client.js";
import { framed, replyHead, replyOk } from "./plugin-stub.js";
import { Proxied, type ProxiedOptions } from "./proxied.js";
import { path } from "./raw-client.js";

const app = "https://app.example.com";
const stranger = "https://app.example.com.evil.example";
const invoices = "acme.billing.v1.Invoices";
const call = { "content-type": "application/grpc-web+proto", "prism-namespace": "orders" };
const pieces = [framed(toBinary(GetRequestSchema, create(GetRequestSchema, { key: "k" })))];

/** What of an answer is of CORS. */
function corsOf({ headers }: AnswerHead): Record<string, unknown> {
  const entries = Object.entries(headers).filter(([name]) => /^access-control-|^vary$/.test(name));
  return Object.fromEntries(entries);
}

describe.each(versions)("CORS over %s", (version) => {
  let prism: Proxied;
  let client: WebClient;
  afterEach(async () => {
    await client.close();
    await prism.stop();
  });

  async function start(cors?: ProxiedOptions["cors"]): Promise<void> {
    prism = await Proxied.start({ route: { services: [invoices] }, ...(cors && { cors }) });
    client = new WebClient(version, prism.port);
  }

  function preflight(origin: string, headers: string, asked: string = path.get) {
    const ask = { "access-control-request-method": "POST", "access-control-request-headers": headers };
    return client.ask({ method: "OPTIONS", path: asked, headers: { origin, ...ask } });
  }

  test("is off until it is configured: preflights are refused, and answers say nothing of it", async () => {
    await start();

    const refused = await preflight(app, "content-type");
    const answered = await client.ask({ path: path.get, headers: { ...call, origin: app }, pieces });

    expect(refused.status).toBe(403);
    expect(refused.body.toString()).toContain("server.cors.origins");
    expect(corsOf(refused)["access-control-allow-origin"]).toBeUndefined();
    expect([answered.status, corsOf(answered)]).toEqual([403, {}]);
  });

  test("lets a page of a listed origin send what it asks for", async () => {
    await start({ origins: [app], maxAgeMs: 600_000 });

    const allowed = await preflight(app, "authorization,content-type,prism-namespace,x-grpc-web");

    expect([allowed.status, allowed.body.length]).toEqual([204, 0]);
    expect(corsOf(allowed)).toEqual({
      "access-control-allow-origin": app,
      "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE",
      "access-control-allow-headers": "authorization,content-type,prism-namespace,x-grpc-web",
      "access-control-max-age": "600",
      vary: "origin, access-control-request-method, access-control-request-headers",
    });
    expect(prism.plugin.calls).toHaveLength(0);
  });

  test("lets that page read the status of its calls, and whatever metadata came with it", async () => {
    await start({ origins: [app] });
    prism.plugin.answer = ({ stream }) => {
      stream.sendHeaders(new HeaderList([...replyHead.fields, "x-initial", "1"]), false);
      stream.sendHeaders(replyOk, true);
    };

    const answer = await client.ask({
      path: `/${invoices}/Pay`,
      headers: { ...call, origin: app },
      pieces,
    });

    expect(corsOf(answer)).toMatchObject({ "access-control-allow-origin": app, vary: "origin" });
    const exposed = String(corsOf(answer)["access-control-expose-headers"]).split(", ");
    expect(exposed).toEqual(expect.arrayContaining(["grpc-status", "grpc-message", "x-initial"]));
  });

  test.each([stranger, "http://app.example.com", `${app}:8443`, "https://APP.example.com", "null"])(
    "takes no origin for a listed one that is not exactly it: %s",
    async (origin) => {
      await start({ origins: [app] });

      const refused = await preflight(origin, "content-type");
      const answered = await client.ask({ path: path.get, headers: { ...call, origin }, pieces });

      expect(refused.status).toBe(403);
      expect(corsOf(answered)).toEqual({ vary: "origin" });
    },
  );

  test("lets every page call where the list says so, without naming it", async () => {
    await start({ origins: ["*"] });

    const allowed = await preflight(stranger, "");
    const answered = await client.ask({ path: path.get, headers: { ...call, origin: stranger }, pieces });

    expect(allowed.status).toBe(204);
    expect(corsOf(answered)).toMatchObject({ "access-control-allow-origin": "*" });
    expect(corsOf(answered)["vary"]).toBeUndefined();
  });

  test("lets the browser add credentials only where that is configured", async () => {
    await start({ origins: [app], credentials: true });

    const answered = await client.ask({ path: path.get, headers: { ...call, origin: app }, pieces });

    expect(corsOf(await preflight(app, ""))["access-control-allow-credentials"]).toBe("true");
    expect(corsOf(answered)["access-control-allow-credentials"]).toBe("true");
  });

  test("holds for HTTP and JSON as well", async () => {
    const key = "/v1/namespaces/orders/kv/k";
    await start({ origins: [app] });

    const allowed = await preflight(app, "prism-ttl-ms", key);
    const refused = await preflight(stranger, "prism-ttl-ms", key);
    const read = await client.ask({ method: "GET", path: key, headers: { origin: app } });
    const failed = await client.ask({ method: "GET", path: "/v1/nothing", headers: { origin: app } });
    const hidden = await client.ask({ method: "GET", path: key, headers: { origin: stranger } });

    expect([allowed.status, refused.status]).toEqual([204, 403]);
    expect([read.status, read.body.toString()]).toEqual([200, "v"]);
    expect(corsOf(read)["access-control-allow-origin"]).toBe(app);
    expect(String(corsOf(read)["access-control-expose-headers"]).split(", ")).toContain("etag");
    expect([failed.status, corsOf(failed)["access-control-allow-origin"]]).toEqual([404, app]);
    expect(corsOf(hidden)).toEqual({ vary: "origin" });
  });

  test("repeats no header's name that is none", async () => {
    await start({ origins: [app] });

    expect((await preflight(app, "content-type; x=1")).status).toBe(403);
  });
});
