import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { Code, TimeLimit } from "../../../src/protocol/index.js";
import { GrpcError } from "../../../src/wire/index.js";
import { call, namespaces, pause, type World } from "../world.js";

const paceMs = 20;
const deadlineMs = 30_000;
const body = Buffer.alloc(64 * 1024, "http");

/** Raw bytes over HTTP/1.1 on a connection that is kept: put, get, delete. */
export async function http(world: World): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; world.going(); i++) {
    const url = `http://${world.address}/v1/namespaces/${namespaces.cache}/kv/http-${i % 10}`;
    await call(world, { kind: "http", namespace: namespaces.cache }, async () => {
      for (const method of ["PUT", "GET", "DELETE"]) await ask(url, method, agent);
    });
    await pause(paceMs);
  }
  agent.destroy();
}

/** Throws what a gRPC client would have heard. That a key is gone is an answer: memory ends with its instance. */
async function ask(url: string, method: string, agent: Agent): Promise<void> {
  const status = await statusOf(url, method, agent).catch((reason: unknown) => {
    throw new GrpcError(Code.UNAVAILABLE, String(reason));
  });
  if (status < 300 || status === 404) return;
  const isAway = status === 502 || status === 503;
  throw new GrpcError(isAway ? Code.UNAVAILABLE : Code.UNKNOWN, `${method} was answered ${status}`);
}

async function statusOf(url: string, method: string, agent: Agent): Promise<number> {
  using limit = new TimeLimit(deadlineMs);
  const { signal } = limit;
  const sent = request(url, { method, agent, signal }).end(method === "PUT" ? body : undefined);
  const [response] = (await once(sent, "response", { signal })) as [IncomingMessage];
  await once(response.resume(), "end", { signal });
  return response.statusCode ?? 0;
}
