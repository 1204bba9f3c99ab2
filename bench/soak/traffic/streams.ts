import { connect } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  StreamRequestSchema,
  StreamResponseSchema,
} from "../../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { Code } from "../../../src/protocol/index.js";
import { type ClientConnection, connectHttp2, GrpcError, openCall } from "../../../src/wire/index.js";
import { call, namespaces, pause, type World } from "../world.js";

const path = "/prism.data.v1.Data/ExecuteStream";
const headers = ["prism-namespace", namespaces.echo];
const messages = 50;
const callsPerConnection = 20;

/** Streams both ways on connections that come and go; some are left in the middle, some connections torn down. */
export async function streams(world: World): Promise<void> {
  while (world.going()) {
    const connection = dial(world.address);
    for (let i = 0; i < callsPerConnection && world.going() && !connection.closed; i++)
      if (!(await stream(world, connection, i % 5 === 4))) await pause(20);
    const torn = new AbortController();
    const last = stream(world, connection, false, torn);
    await pause(1);
    torn.abort();
    connection.destroy();
    await last;
  }
}

/** One stream, left half-way where its caller is impatient. False where it failed. */
async function stream(
  world: World,
  connection: ClientConnection,
  isImpatient: boolean,
  left = new AbortController(),
): Promise<boolean> {
  const about = { kind: "stream", namespace: namespaces.echo, signal: left.signal };
  const done = await call(world, about, async () => {
    if (!connection.canOpen) throw new GrpcError(Code.UNAVAILABLE, "the connection takes no more calls");
    const running = openCall(connection, { path, headers, timeoutMs: 30_000, signal: left.signal });
    running.send(message(0));
    let heard = 0;
    for await (const answer of running.messages) {
      const { result } = fromBinary(StreamResponseSchema, answer);
      if (result.case === "rawResult" && result.value.length !== heard + 1)
        throw new Error(`message ${heard} came back as ${result.value.length} bytes`);
      heard++;
      if (isImpatient && heard === messages / 2) left.abort();
      if (heard < messages) running.send(message(heard));
      else if (heard === messages) running.end();
    }
    await running.trailers;
    return true;
  });
  return done === true || left.signal.aborted;
}

/** As many bytes as its number says, and one. */
function message(number: number): Uint8Array {
  const params = { case: "rawParams" as const, value: Buffer.alloc(number + 1, "s") };
  return toBinary(StreamRequestSchema, create(StreamRequestSchema, { operation: "echo_all", params }));
}

function dial(address: string): ClientConnection {
  const [host = "", port = ""] = address.split(":");
  const quiet = { onAvailable: () => undefined, onGoaway: () => undefined, onClose: () => undefined };
  return connectHttp2(connect({ host, port: Number(port), noDelay: true }), {}, quiet);
}
