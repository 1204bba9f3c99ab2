import { TimeLimit } from "../../../src/protocol/index.js";
import { connect, type KeyValueClient } from "../../../src/client/index.js";
import { call, namespaces, pause, type World } from "../world.js";

const keysEach = 500;
const smallBytes = 100;

/** Writes keys again and again, each with a higher number, and remembers what was acknowledged. */
export async function write(world: World, writer: number): Promise<void> {
  const client = connect({ address: world.address });
  const store = client.keyValue(namespaces.store);
  for (let i = 0; world.going(); i++) {
    const key = `writer-${writer}-${i % keysEach}`;
    const value = world.writes.next(key);
    const done = await call(world, { kind: "write", namespace: namespaces.store }, async () => {
      await store.set(key, String(value));
      return true;
    });
    if (done) world.writes.acknowledge(key, value);
    else await pause(20);
  }
  client.close();
}

/** Reads what was written while it is written. */
export async function read(world: World): Promise<void> {
  const client = connect({ address: world.address });
  const store = client.keyValue(namespaces.store);
  for (let i = 0; world.going(); i++) {
    const keys = world.writes.keys;
    const key = keys[(i * 31) % Math.max(1, keys.length)];
    if (key === undefined || !(await readOne(world, store, key))) await pause(20);
  }
  client.close();
}

/** Reads one key and holds it against what was acknowledged. False where the call failed. */
export async function readOne(world: World, store: KeyValueClient, key: string): Promise<boolean> {
  const floor = world.writes.floor(key);
  const answer = await call(world, { kind: "read", namespace: namespaces.store }, async () => ({
    text: await store.getText(key),
  }));
  if (answer) world.writes.check(key, answer.text === undefined ? undefined : Number(answer.text), floor);
  return answer !== undefined;
}

/** Small calls to memory, several at once on one connection. Now and then a caller leaves. */
export async function small(world: World): Promise<void> {
  const client = connect({ address: world.address });
  const cache = client.keyValue(namespaces.cache);
  const value = Buffer.alloc(smallBytes, "x");
  for (let i = 0; world.going(); i++) {
    const impatient = i % 10 === 9 ? new TimeLimit(1).signal : undefined;
    const about = { kind: "small", namespace: namespaces.cache, ...(impatient && { signal: impatient }) };
    const done = await call(world, about, async () => {
      await cache.set(`small-${i % 100}`, value, about);
      return (await cache.get(`small-${i % 100}`, about)) ?? value;
    });
    if (done === undefined && !impatient) await pause(20);
  }
  client.close();
}

/** Large values there and back, over gRPC. */
export async function large(world: World): Promise<void> {
  const client = connect({ address: world.address });
  const cache = client.keyValue(namespaces.cache);
  const value = Buffer.alloc(8 * 2 ** 20, "large");
  for (let i = 0; world.going(); i++) {
    await call(world, { kind: "large", namespace: namespaces.cache }, async () => {
      await cache.set("large", value);
      const found = await cache.get("large");
      if (found && found.length !== value.length) throw new Error(`${found.length} bytes came back`);
    });
    await pause(200);
  }
  client.close();
}
