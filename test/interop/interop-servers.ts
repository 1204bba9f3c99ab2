import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { pythonWithGrpc } from "../servers/python.js";
import { freePort, until } from "../support/running-prism.js";
import { grpcGoServer, grpcJavaClasspath } from "./official.js";

/** A gRPC interoperability test server that runs on a port of this machine. */
export interface InteropServer {
  readonly port: number;
  /** Ends it. Safe to call twice. */
  stop(): Promise<void>;
}

const python = new URL("../fixtures/interop/server.py", import.meta.url).pathname;

/** grpc-go's own server. */
export async function goServer(): Promise<InteropServer> {
  const env = { ...process.env, GRPC_GO_LOG_SEVERITY_LEVEL: "info" };
  const child = spawn(grpcGoServer(), ["--port", "0"], { env, stdio: ["pipe", "ignore", "pipe"] });
  const [, port] = await lineOf(child.stderr, /interop server listening on .*:(\d+)$/);
  child.stderr.resume();
  return running(child, Number(port));
}

/** grpc-java's own server. It does not tell a port that it was left to choose. */
export async function javaServer(): Promise<InteropServer> {
  const port = await freePort();
  const main = "io.grpc.testing.integration.TestServiceServer";
  const args = ["-cp", grpcJavaClasspath(), main, `--port=${port}`, "--use_tls=false"];
  const child = spawn("java", args, { stdio: ["pipe", "ignore", "inherit"] });
  await until("grpc-java's server to listen", () => listens(port));
  return running(child, port);
}

/** One of our own on Python's grpcio: gRPC's C core. */
export async function pythonServer(): Promise<InteropServer> {
  const child = spawn(pythonWithGrpc(), [python], { stdio: ["pipe", "pipe", "inherit"] });
  const [port] = await lineOf(child.stdout, /^\d+$/);
  return running(child, Number(port));
}

function running(child: ChildProcess, port: number): InteropServer {
  const exited = once(child, "exit");
  return {
    port,
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function lineOf(stream: Readable, form: RegExp): Promise<RegExpExecArray> {
  for await (const line of createInterface({ input: stream })) {
    const found = form.exec(line);
    if (found) return found;
  }
  throw new Error(`the server ended without a line like ${String(form)}`);
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } finally {
    socket.destroy();
  }
}
