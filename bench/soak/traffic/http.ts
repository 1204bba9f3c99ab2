import { call, namespaces, pause, type World } from "../world.js";
import { Code } from "../../../src/protocol/index.js";
import { GrpcError } from "../../../src/wire/index.js";

const paceMs = 20;

/** Raw bytes over HTTP/1.1: put, get, delete. */
export async function http(world: World): Promise<void> {
  const body = Buffer.alloc(64 * 1024, "http");
  for (let i = 0; world.going(); i++) {
    const url = `http://${world.address}/v1/namespaces/${namespaces.cache}/kv/http-${i % 10}`;
    await call(world, { kind: "http", namespace: namespaces.cache }, async () => {
      await answered(url, { method: "PUT", body });
      await answered(url, { method: "GET" });
      await answered(url, { method: "DELETE" });
    });
    await pause(paceMs);
  }
}

/** Throws what a gRPC client would have heard. A key that is gone is an answer: its memory may have been reloaded. */
async function answered(url: string, request: RequestInit): Promise<void> {
  const response = await fetch(url, request).catch((reason: unknown) => {
    throw new GrpcError(Code.UNAVAILABLE, String(reason));
  });
  await response.arrayBuffer().catch((reason: unknown) => {
    throw new GrpcError(Code.UNAVAILABLE, String(reason));
  });
  if (response.ok || response.status === 404) return;
  const isAway = response.status === 503 || response.status === 502;
  throw new GrpcError(isAway ? Code.UNAVAILABLE : Code.UNKNOWN, `HTTP ${response.status}`);
}
