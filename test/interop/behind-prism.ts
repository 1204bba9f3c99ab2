import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningPrism, servePrism } from "../support/running-prism.js";
import { UnixRelay } from "../support/unix-relay.js";
import type { InteropServer } from "./interop-servers.js";

/** A `prism serve` with an interoperability server attached, to which calls go that name no namespace. */
export interface BehindPrism {
  readonly prism: RunningPrism;
  /** Where clients reach Prism. */
  readonly port: number;
  stop(): Promise<void>;
}

/** Attaches a server that knows nothing of Prism. It stays whose it was: who started it stops it. */
export async function behindPrism({ port }: InteropServer): Promise<BehindPrism> {
  const directory = await mkdtemp(join(tmpdir(), "prism-interop-"));
  const socket = join(directory, "plugin.sock");
  const relay = await UnixRelay.listen(socket, port);
  const plugin = `{ socket: ${socket}, services: [grpc.testing.TestService] }`;
  const detach = async (): Promise<void> => {
    await relay.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const prism = await servePrism({
    serverKeys: "default_namespace: interop",
    yaml: `namespaces: [{ name: interop, backend: interop, plugin: ${plugin} }]\n`,
  }).catch(async (reason: unknown) => {
    await detach();
    throw reason;
  });
  return {
    prism,
    port: Number(prism.address.split(":")[1]),
    stop: async () => {
      await prism.stop();
      await detach();
    },
  };
}
