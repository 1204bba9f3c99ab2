import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumProgram } from "../servers/chromium.js";
import { bundledPage } from "../support/bundled-page.js";
import { TestAuthority } from "../support/certificates.js";
import { Clock } from "../support/clock.js";
import { freePort, type RunningPrism, servePrism } from "../support/running-prism.js";

const guide = new URL("../../docs/grpc-web.md", import.meta.url);
/** Installing a browser takes a while the first time. */
const makeMs = 300_000;
const quietly = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
  // What somebody's name server may say of their name.
  "--host-resolver-rules=MAP evil.test 127.0.0.1",
];

let site: Server;
let clock: Clock;
let prism: RunningPrism;
let browser: Browser;
/** The same pages have two origins, of which Prism is told one. */
let listed: string;
let unlisted: string;
/** Where Prism serves without TLS. */
let plain: string;

beforeAll(async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const scripts: Readonly<Record<string, string>> = {
    "/calls.js": await bundledPage('export * from "./test/fixtures/pages/calls.js";'),
    "/guide.js": await bundledPage(await exampleOfTheGuide(address)),
  };
  site = createServer(({ url = "" }, response) => {
    const script = scripts[url];
    response.setHeader("content-type", script === undefined ? "text/html" : "text/javascript");
    response.end(script ?? "<!doctype html><title>a page</title>");
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  const { port } = site.address() as AddressInfo;
  listed = `http://127.0.0.1:${port}`;
  unlisted = `http://localhost:${port}`;
  plain = `http://${address}`;
  clock = await Clock.start();
  prism = await servePrism({
    address,
    serverKeys: `cors: { origins: ["${listed}"] }`,
    yaml: `namespaces:
  - { name: default, backend: memory }
  - { name: clock, backend: clock, plugin: { socket: ${clock.socket}, services: [acme.clock.v1.Clock] } }
`,
  });
  browser = await chromium.launch({ executablePath: chromiumProgram(), args: quietly });
}, makeMs);
afterAll(async () => {
  await browser.close();
  await prism.stop();
  await clock.stop();
  site.close();
});

/** The program that docs/grpc-web.md shows, with what stands there for any checkout and any address. */
async function exampleOfTheGuide(address: string): Promise<string> {
  const [, code] = /```ts\n(.*?)```/s.exec(await readFile(guide, "utf8")) ?? [];
  if (code === undefined) throw new Error("docs/grpc-web.md shows no program");
  return code.replace('"./gen/', '"./src/protocol/gen/').replace("127.0.0.1:50051", address);
}

/** A page of an origin that tells its ticks. Closed with the browser. */
async function pageOf(origin: string): Promise<Page> {
  const page = await browser.newPage();
  await page.exposeFunction("onTick", (text: string) => {
    heard.push(text);
    clock.tick();
  });
  await page.goto(origin);
  return page;
}

/** Has a page do something with a Prism. */
function act<Result>(page: Page, name: string, ...given: readonly string[]): Promise<Result> {
  return page.evaluate<Result>(
    `import("/calls.js").then((calls) => calls.${name}(...${JSON.stringify(given)}))`,
  );
}

const heard: string[] = [];

describe("a page in a browser whose origin is listed", () => {
  test("sets and gets", async () => {
    const page = await pageOf(listed);

    expect(await act(page, "setAndGet", plain, "greeting", "grün")).toBe("grün");
  });

  test("is told what went wrong, with its details", async () => {
    const page = await pageOf(listed);

    expect(await act(page, "failureIn", plain, "defualt")).toEqual({
      code: 5,
      message: expect.stringContaining('did you mean "default"?') as string,
      reason: "UNKNOWN_NAMESPACE",
      metadata: { namespace: "defualt", nearest: "default" },
    });
  });

  test.each([
    ["as text by gRPC's client", "watchAsText"],
    ["in binary by Connect's", "watchInBinary"],
  ])("hears a stream as it comes, and its trailers, %s", async (_, watch) => {
    heard.length = 0;
    const page = await pageOf(listed);

    const last = await act(page, watch, plain);

    expect(heard).toEqual(["tick 1", "tick 2", "tick 3"]);
    expect(last).toEqual({ code: 0, zone: "UTC" });
  });

  test("ends a stream by leaving it", async () => {
    const page = await pageOf(listed);

    expect(await act(page, "watchOnce", plain)).toBe("tick 1");
    await clock.left;
  });

  test("runs the program of the guide", async () => {
    const page = await browser.newPage();
    await page.goto(listed);
    const said = page.waitForEvent("console");

    await page.evaluate('import("/guide.js")');

    expect((await said).text()).toBe("hello");
  });

  test("puts and gets by HTTP alone", async () => {
    const page = await pageOf(listed);

    expect(await act(page, "putAndGet", plain, "raw", "hello")).toEqual({ status: 204, text: "hello" });
  });
});

describe("a page in a browser that speaks TLS with Prism", () => {
  test("calls by HTTP/2", async () => {
    const { cert, key } = await (await TestAuthority.create()).issue();
    const files = await mkdtemp(join(tmpdir(), "prism-page-tls-"));
    const paths = { cert: join(files, "cert.pem"), key: join(files, "key.pem") };
    await Promise.all([writeFile(paths.cert, cert), writeFile(paths.key, key)]);
    const secure = await servePrism({
      serverKeys: `tls: { cert: ${paths.cert}, key: ${paths.key} }, cors: { origins: ["${listed}"] }`,
      yaml: "namespaces: [{ name: default, backend: memory }]\n",
    });
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    await page.goto(listed);
    const spoken: (string | undefined)[] = [];
    const network = await page.context().newCDPSession(page);
    network.on("Network.responseReceived", ({ response }) => spoken.push(response.protocol));
    await network.send("Network.enable");

    const said = await act(page, "setAndGet", `https://${secure.address}`, "greeting", "grün");

    await secure.stop();
    await rm(files, { recursive: true });
    expect(said).toBe("grün");
    expect(spoken).toContain("h2");
  });
});

describe("a page in a browser whose origin is not listed", () => {
  test("cannot call, and what it would have written is not written", async () => {
    const stranger = await pageOf(unlisted);
    const page = await pageOf(listed);
    await act(page, "setAndGet", plain, "mine", "before");

    await expect(act(stranger, "setAndGet", plain, "mine", "stolen")).rejects.toThrow("Failed to fetch");
    await expect(act(stranger, "putAndGet", plain, "mine", "stolen")).rejects.toThrow("Failed to fetch");

    const answer = await fetch(`http://${prism.address}/v1/namespaces/default/kv/mine`);
    expect(await answer.text()).toBe("before");
  });
});

describe("a page in a browser whose own name points to this machine", () => {
  /** A page of evil.test on a port of Prism's: to the browser they are of one origin. */
  async function pageOnPortOf(address: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(`http://evil.test:${address.split(":")[1]}/`);
    return page;
  }

  /** What a fetch by the page's own origin is answered. */
  function ask(page: Page, path: string, method = "GET"): Promise<number> {
    const init = JSON.stringify(method === "GET" ? {} : { method, body: '{"namespace":"default"}' });
    return page.evaluate<number>(`fetch("${path}", ${init}).then(({ status }) => status)`);
  }

  test("neither reads nor writes anybody's data", async () => {
    const page = await pageOnPortOf(prism.address);
    const key = "/v1/namespaces/default/kv/mine";
    await fetch(`${plain}${key}`, { method: "PUT", body: "before" });

    const answers = [await ask(page, key), await ask(page, key, "PUT"), await ask(page, "/v1/namespaces")];

    expect(answers).toEqual([421, 421, 421]);
    expect(await (await fetch(`${plain}${key}`)).text()).toBe("before");
  });

  test("neither reads the metrics nor reloads a plugin", async () => {
    const page = await pageOnPortOf(prism.admin);

    const answers = [await ask(page, "/metrics"), await ask(page, "/admin/plugin/reload", "POST")];

    expect(answers).toEqual([421, 421]);
  });
});

describe("a page in a browser from elsewhere", () => {
  test("counts nothing up by a request that browsers send without asking first", async () => {
    const page = await pageOf(unlisted);
    const address = `${plain}/v1/namespaces/default/increment`;
    const json = { "content-type": "application/json" };
    const count = async (): Promise<unknown> =>
      (await fetch(address, { method: "POST", headers: json, body: '{"key":"n","delta":0}' })).json();
    const before = await count();

    for (const type of ["text/plain", "application/x-www-form-urlencoded", ""])
      await page.evaluate(
        `fetch("${address}", { method: "POST", mode: "no-cors", body: new Blob(['{"key":"n","delta":1}'], { type: "${type}" }) })`,
      );

    expect(await count()).toEqual(before);
  });

  test("is refused by the operators' port, whatever it asks for", async () => {
    const page = await pageOf(unlisted);
    const statuses: number[] = [];
    page.on("response", (response) => {
      if (response.url().includes(prism.admin)) statuses.push(response.status());
    });

    for (const [path, method] of [
      ["/metrics", "GET"],
      ["/healthz", "GET"],
      ["/admin/plugin/reload", "POST"],
    ])
      await page.evaluate(
        `fetch("http://${prism.admin}${path}", { method: "${method}", mode: "no-cors" }).catch(() => undefined)`,
      );

    expect(statuses).toEqual([403, 403, 403]);
  });
});
