import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { goProgram } from "../servers/go-program.js";
import { mavenClasspath } from "../servers/maven-classpath.js";

/** It builds with every Go from 1.19. */
const goVersion = "v1.62.2";
const javaVersion = "1.60.0";
const run = promisify(execFile);
const caseMs = 60_000;
/** A soak is held to its failures, not to its times: the machine may be busy. */
const soak = ["--soak_per_iteration_max_acceptable_latency_ms=60000", "--soak_overall_timeout_seconds=60"];

/** grpc-go's client: the path of its program. */
export function grpcGoClient(): string {
  return goProgram("google.golang.org/grpc/interop/client", goVersion);
}

/** grpc-go's server: the path of its program. */
export function grpcGoServer(): string {
  return goProgram("google.golang.org/grpc/interop/server", goVersion);
}

/** grpc-java's client and server, as a class path. */
export function grpcJavaClasspath(): string {
  return mavenClasspath({ group: "io.grpc", name: "grpc-interop-testing", version: javaVersion });
}

/** The cases that need no credentials, as every official client has them. */
export const officialCases = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "cancel_after_begin",
  "cancel_after_first_response",
  "timeout_on_sleeping_server",
  "status_code_and_message",
  "special_status_message",
  "custom_metadata",
  "unimplemented_method",
  "unimplemented_service",
  "rpc_soak",
  "channel_soak",
] as const;

/** … and those that only some have. */
export const compressedCases = [
  "client_compressed_unary_noprobe",
  "server_compressed_unary",
  "client_compressed_streaming_noprobe",
  "server_compressed_streaming",
] as const;

/** Runs a case with grpc-go's client. Rejects with what it wrote where the case fails. */
export async function runGoCase(testCase: string, port: number): Promise<void> {
  const args = [`--server_host=127.0.0.1`, `--server_port=${port}`, `--test_case=${testCase}`];
  await run(grpcGoClient(), [...args, ...soak], { timeout: caseMs });
}

/** Runs a case with grpc-java's client, which has two transports. Rejects with what it wrote where the case fails. */
export async function runJavaCase(
  testCase: string,
  port: number,
  transport: "netty" | "okhttp",
): Promise<void> {
  const main = "io.grpc.testing.integration.TestServiceClient";
  const to = ["--server_host=127.0.0.1", `--server_port=${port}`, "--use_tls=false"];
  const how = [`--use_okhttp=${transport === "okhttp"}`, `--test_case=${testCase}`];
  await run("java", ["-cp", grpcJavaClasspath(), main, ...to, ...how, ...soak], { timeout: caseMs });
}
