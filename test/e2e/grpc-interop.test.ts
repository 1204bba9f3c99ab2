import { afterAll, beforeAll, describe, test } from "vitest";
import { type BehindPrism, behindPrism } from "../interop/behind-prism.js";
import { interopCases } from "../interop/cases.js";
import { GrpcJsCaller } from "../interop/grpc-js-caller.js";
import { goServer, type InteropServer, pythonServer } from "../interop/interop-servers.js";
import { grpcGoClient, officialCases, runGoCase } from "../interop/official.js";
import { wireCaller } from "../interop/wire-caller.js";
import { wireConnection } from "../interop/wire-connection.js";
import { type RunningPrism, servePrism } from "../support/running-prism.js";

/** Building grpc-go's programs, or Python's packages, takes a while the first time. */
const makeMs = 300_000;

// `npm run interop` runs more of them, grpc-java's client and server among them.
const ownCases = Object.entries(interopCases);

describe.each([
  ["grpc-go's server", goServer],
  ["a server on Python's grpcio", pythonServer],
] as const)("%s, attached to Prism without knowing it,", (_, start) => {
  let server: InteropServer;
  let behind: BehindPrism;
  let caller: GrpcJsCaller;
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    grpcGoClient();
    server = await start();
    ends.push(() => server.stop());
    behind = await behindPrism(server);
    ends.push(() => behind.stop());
    caller = new GrpcJsCaller(behind.prism.address);
  }, makeMs);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
    caller.close();
  });

  test.each(officialCases)("answers grpc-go's client as gRPC's case %s demands", (name) =>
    runGoCase(name, behind.port),
  );

  test.each(ownCases)("answers grpc-js as gRPC's case %s demands", (_name, run) => run(caller));

  test.each(ownCases)("answers a Prism channel as gRPC's case %s demands", async (_name, run) => {
    const connection = await wireConnection(server.port);
    await run(wireCaller(connection));
    connection.destroy();
  });
});

describe("a plugin on the SDK, which declares the service itself,", () => {
  // The SDK sets no response headers, so it does not echo metadata.
  const answered = (name: string): boolean => name !== "custom_metadata";
  const library = new URL("../fixtures/interop/sdk-plugin.js", import.meta.url).pathname;
  let prism: RunningPrism;
  let caller: GrpcJsCaller;
  beforeAll(async () => {
    grpcGoClient();
    const plugin = `{ library: ${library} }`;
    prism = await servePrism({
      serverKeys: "default_namespace: interop",
      yaml: `namespaces: [{ name: interop, backend: interop, plugin: ${plugin} }]\n`,
    });
    caller = new GrpcJsCaller(prism.address);
  }, makeMs);
  afterAll(async () => {
    caller.close();
    await prism.stop();
  });

  test.each(officialCases.filter(answered))("answers grpc-go's client as gRPC's case %s demands", (name) =>
    runGoCase(name, Number(prism.address.split(":")[1])),
  );

  test.each(ownCases.filter(([name]) => answered(name)))(
    "answers grpc-js as gRPC's case %s demands",
    (_name, run) => run(caller),
  );
});
