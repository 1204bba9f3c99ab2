import { spawn } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { SetRequestSchema } from "../../src/protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import {
  ExecuteRequestSchema,
  InitializeRequestSchema,
} from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { callUnary, connectHttp2 } from "../../src/wire/index.js";
import type { Sample } from "../load/measure.js";
import { smallKey, smallValue } from "../plugin/messages.js";
import { atLeast, type Finding } from "../report/finding.js";
import { inWords, medianOf, spread } from "../report/spread.js";
import type { Stage } from "../stage.js";
import { root, running, startScript, type Subject } from "../subjects/subject.js";
import { samplePeer } from "./shapes.js";

const leastRatio = 8;

/** Calls a second of a plugin's server without any proxy: the SDK's with the built-in `memory`, and one of grpc-js. */
export async function sdkServer(stage: Stage): Promise<Finding> {
  const sdk = await startSdkServer(join(stage.place.directory, "sdk.sock"));
  const grpcJs = await startGrpcJsServer(join(stage.place.directory, "grpc-js.sock"));
  try {
    const found = await compare(stage, sdk, grpcJs);
    const is = spread(found.ratios);
    const rows = [
      { name: sdk.name, samples: found.sdk },
      { name: grpcJs.name, samples: found.grpcJs },
    ];
    return {
      name: "sdk-server",
      title: "A plugin's server: `get` from memory, no proxy",
      table: {
        head: ["server", "calls/s", "CPU µs/call", "server's core", "load alone", "failed"],
        rows: rows.map(({ name, samples }) => [
          name,
          inWords(spread(samples.map((s) => s.callsPerSecond)), 0),
          medianOf(samples, (s) => s.cpuMicrosPerCall).toFixed(1),
          `${Math.round(medianOf(samples, (s) => s.proxyShare) * 100)} %`,
          `${Math.round(medianOf(samples, (s) => s.loadShare) * 100)} %`,
          String(samples.reduce((sum, s) => sum + s.failed, 0)),
        ]),
      },
      notes: [],
      verdicts: [
        atLeast(
          "calls/s of the SDK's server over grpc-js's",
          { value: is.median, text: inWords(is, 1) },
          { value: leastRatio, text: String(leastRatio) },
        ),
      ],
      plots: [],
      record: found,
    };
  } finally {
    await sdk.stop();
    await grpcJs.stop();
  }
}

interface Found {
  readonly sdk: readonly Sample[];
  readonly grpcJs: readonly Sample[];
  readonly ratios: readonly number[];
}

async function compare(stage: Stage, sdk: Subject, grpcJs: Subject): Promise<Found> {
  const { rounds, seconds } = stage.effort;
  // As Prism calls a plugin: the trace is in the message, so the header block is always the same.
  const load = { seconds, traced: false };
  await samplePeer(stage, grpcJs, load);
  await samplePeer(stage, sdk, load);
  let before = await samplePeer(stage, sdk, load);
  const found = { sdk: [before], grpcJs: [] as Sample[], ratios: [] as number[] };
  for (let round = 1; round <= rounds; round++) {
    stage.tell(`SDK server: round ${round} of ${rounds}`);
    const theirs = await samplePeer(stage, grpcJs, load);
    const after = await samplePeer(stage, sdk, load);
    found.sdk.push(after);
    found.grpcJs.push(theirs);
    found.ratios.push((before.callsPerSecond + after.callsPerSecond) / 2 / theirs.callsPerSecond);
    before = after;
  }
  return found;
}

async function startSdkServer(socket: string): Promise<Subject> {
  const [host, memory] = [join(root, "dist/sdk/host.js"), join(root, "dist/plugins/memory/index.js")];
  const env = { PATH: process.env["PATH"] ?? "", PLUGIN_SOCKET: socket };
  const child = spawn(process.execPath, [host, memory], { stdio: ["pipe", "ignore", "inherit"], env });
  const subject = await running(child, { name: "SDK, memory", target: { path: socket } });
  await initialize(socket);
  return subject;
}

async function startGrpcJsServer(socket: string): Promise<Subject> {
  const child = await startScript("peers/grpc-js-server.ts", [socket]);
  return running(child, { name: "grpc-js", target: { path: socket } });
}

/** Opens the namespace and writes the one value that is asked for. */
async function initialize(socket: string): Promise<void> {
  const quiet = { onAvailable: () => undefined, onGoaway: () => undefined, onClose: () => undefined };
  const connection = connectHttp2(connect(socket), {}, quiet);
  const call = async <M extends DescMessage>(method: string, schema: M, message: MessageInitShape<M>) =>
    callUnary(connection, {
      path: `/prism.plugin.BackendPlugin/${method}`,
      headers: ["prism-namespace", "bench"],
      timeoutMs: 10_000,
      message: toBinary(schema, create(schema, message)),
    });
  await call("Initialize", InitializeRequestSchema, { namespace: "bench" });
  const set = anyPack(SetRequestSchema, create(SetRequestSchema, { key: smallKey, value: smallValue }));
  await call("Execute", ExecuteRequestSchema, {
    operation: "set",
    params: { case: "typedParams", value: set },
  });
  connection.destroy();
}
