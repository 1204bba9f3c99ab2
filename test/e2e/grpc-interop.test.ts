import { afterAll, beforeAll, describe, test } from "vitest";
import { type BehindPrism, behindPrism } from "../interop/behind-prism.js";
import { interopCases } from "../interop/cases.js";
import { GrpcJsCaller } from "../interop/grpc-js-caller.js";
import { goServer, type InteropServer, pythonServer } from "../interop/interop-servers.js";
import { grpcGoClient, officialCases, runGoCase } from "../interop/official.js";
import { wireCaller } from "../interop/wire-caller.js";
import { wireConnection } from "../interop/wire-connection.js";

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
  beforeAll(async () => {
    grpcGoClient();
    server = await start();
    behind = await behindPrism(server);
    caller = new GrpcJsCaller(behind.prism.address);
  }, makeMs);
  afterAll(async () => {
    caller.close();
    await behind.stop();
    await server.stop();
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
