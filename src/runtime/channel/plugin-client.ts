import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { fromJson } from "@bufbuild/protobuf";
import { anyPack, StructSchema } from "@bufbuild/protobuf/wkt";
import * as grpcHealth from "../../protocol/gen/grpc/health/v1/health_pb.js";
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_Status,
  HealthCheckResponseSchema,
  InitializeRequestSchema,
  type InitializeResponse,
  InitializeResponseSchema,
  ShutdownRequestSchema,
  ShutdownResponseSchema,
} from "../../protocol/gen/prism/plugin/plugin_pb.js";
import { Code, codeFrom, codeName, loopFromMessage, PrismError, TimeLimit } from "../../protocol/index.js";
import { callUnary, GrpcError } from "../../wire/index.js";
import type { Health } from "../model/plugin-instance.js";
import { problemOfDeclaration } from "./declaration-problems.js";
import { declaredOperations } from "./declared-operations.js";
import { declaredServices } from "./declared-services.js";
import { dial, type Dialled } from "./dial.js";
import type { Deadline, HealthReport, Opened, Opening, PluginAddress } from "./life-cycle.js";

const nothing = new Uint8Array();

type Method = "Initialize" | "HealthCheck" | "Shutdown" | "grpc.health.v1.Health/Check";

/** An answer about the life cycle is small; a plugin that sends more is at fault. */
const mostBytes = {
  Initialize: 4 * 1024 * 1024,
  HealthCheck: 256 * 1024,
  Shutdown: 256 * 1024,
  "grpc.health.v1.Health/Check": 64 * 1024,
} as const;
/** A plugin's sentences are passed on up to here. */
const longestSentence = 1000;

/** Speaks the plugin protocol's life cycle to one instance. Every call has a deadline; the connection is made anew when it was lost. */
export class PluginClient {
  readonly #address: PluginAddress;
  #dialled: Promise<Dialled> | undefined;
  #closed = false;
  #secretConfig: readonly string[] | undefined;
  /** It is a gRPC server without the plugin protocol. */
  #isPlain = false;

  constructor(address: PluginAddress) {
    this.#address = address;
  }

  /** Where in the config secrets stand, as it told in its answer to Initialize, a refusal too; undefined before. */
  get secretConfig(): readonly string[] | undefined {
    return this.#secretConfig;
  }

  /**
   * Opens the namespace. Rejects with the plugin's own sentence where it refuses, and where its proof of identity is
   * wrong. A server that does not know the plugin protocol has nothing to open.
   */
  async initialize(opening: Opening, deadline: Deadline): Promise<Opened> {
    const { services, proofRequired } = opening;
    try {
      return await this.#initialize(opening, deadline);
    } catch (reason) {
      if (services.length === 0 || !isAnswer(reason, Code.UNIMPLEMENTED)) throw reason;
      this.#checkProof(nothing, nothing, proofRequired);
      this.#isPlain = true;
      return { version: "", operations: [], services, fileDescriptors: [] };
    }
  }

  /** Asks how the namespace fares. */
  async healthCheck(deadline: Deadline): Promise<HealthReport> {
    if (this.#isPlain) return this.#checkPlainHealth(deadline);
    const schemas = [HealthCheckRequestSchema, HealthCheckResponseSchema] as const;
    const answer = await this.#call("HealthCheck", schemas, {}, deadline);
    const { status, message, credentialsRefused, metrics } = answer;
    const loop = loopFromMessage(metrics?.eventLoop);
    return { health: healthOf(status), message: shorten(message), credentialsRefused, loop };
  }

  /** Ends the namespace; rejects where the plugin says that not all could be closed in order. */
  async shutdown(deadline: Deadline): Promise<void> {
    if (this.#isPlain) return;
    const schemas = [ShutdownRequestSchema, ShutdownResponseSchema] as const;
    const { success, error } = await this.#call("Shutdown", schemas, {}, deadline);
    if (!success)
      throw new PrismError("pluginFault", `${this.#plugin} did not end in order: ${shorten(error)}`);
  }

  /** Closes the connection. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const dialled = await this.#dialled?.catch(() => undefined);
    dialled?.connection.destroy();
  }

  get #plugin(): string {
    return `the plugin of namespace "${this.#address.namespace}"`;
  }

  async #initialize(opening: Opening, deadline: Deadline): Promise<Opened> {
    const { backend, config, credentials, secrets, proxyVersion } = opening;
    const { namespace, token } = this.#address;
    const challenge = token === "" ? nothing : randomBytes(32);
    const response = await this.#call(
      "Initialize",
      [InitializeRequestSchema, InitializeResponseSchema],
      {
        namespace,
        backendType: backend,
        config: anyPack(StructSchema, fromJson(StructSchema, config as Parameters<typeof fromJson>[1])),
        credentials: { ...credentials },
        secrets: [...secrets],
        capabilities: { supportsDistributedTracing: true, supportsHotReload: true, proxyVersion },
        challenge,
      },
      deadline,
    );
    this.#checkProof(response.proof, challenge, opening.proofRequired);
    const problem = problemOfDeclaration(response);
    if (problem === undefined) this.#secretConfig = response.secretConfig;
    if (!response.success) throw this.#refusal(response);
    if (problem !== undefined) throw new PrismError("pluginFault", `${this.#plugin} ${problem}`);
    return {
      version: response.pluginVersion,
      ...declaredServices(response, opening.services),
      operations: declaredOperations(response),
    };
  }

  /** A server without the plugin protocol says by gRPC's own health service how it fares; one without that is well while it answers. */
  async #checkPlainHealth(deadline: Deadline): Promise<HealthReport> {
    const schemas = [grpcHealth.HealthCheckRequestSchema, grpcHealth.HealthCheckResponseSchema] as const;
    try {
      const { status } = await this.#call("grpc.health.v1.Health/Check", schemas, {}, deadline);
      const isServing = status === grpcHealth.HealthCheckResponse_ServingStatus.SERVING;
      const message = "its grpc.health.v1.Health does not say SERVING";
      if (!isServing) return { health: "UNHEALTHY", message, credentialsRefused: false };
    } catch (reason) {
      if (!isAnswer(reason, Code.UNIMPLEMENTED, Code.NOT_FOUND)) throw reason;
    }
    return { health: "HEALTHY", message: "", credentialsRefused: false };
  }

  async #call<In extends DescMessage, Out extends DescMessage>(
    method: Method,
    [request, response]: readonly [In, Out],
    message: MessageInitShape<In>,
    deadline: Deadline,
  ): Promise<MessageShape<Out>> {
    const answer = await this.#exchange(method, toBinary(request, create(request, message)), deadline);
    try {
      return fromBinary(response, answer);
    } catch (cause) {
      throw new PrismError(
        "pluginFault",
        `${this.#plugin} answered ${method} with bytes that are no ${response.typeName}: it does not speak the plugin protocol`,
        { cause },
      );
    }
  }

  async #exchange(method: Method, message: Uint8Array, deadline: Deadline): Promise<Uint8Array> {
    const { namespace, token } = this.#address;
    const headers = ["prism-namespace", namespace, ...(token === "" ? [] : ["prism-plugin-token", token])];
    using limit = new TimeLimit(deadline.ms, deadline.signal);
    const { signal } = limit;
    try {
      const { connection } = await this.#connection(signal);
      const path = method.includes("/") ? `/${method}` : `/prism.plugin.BackendPlugin/${method}`;
      const call = { path, headers, message, timeoutMs: deadline.ms, signal, mostBytes: mostBytes[method] };
      return (await callUnary(connection, call)).message;
    } catch (reason) {
      throw this.#explain(method, reason, signal.aborted);
    }
  }

  async #connection(signal: AbortSignal): Promise<Dialled> {
    if (this.#closed) throw new PrismError("shuttingDown", `${this.#plugin} is not spoken to any more`);
    const before = this.#dialled;
    const known = await before?.catch(() => undefined);
    if (known?.connection.canOpen) return known;
    // Somebody else has dialled meanwhile.
    if (this.#dialled !== before) return this.#connection(signal);
    known?.connection.shutdown();
    this.#dialled = dial(this.#address.socket, signal);
    return this.#dialled;
  }

  #explain(method: Method, reason: unknown, late: boolean): PrismError {
    if (reason instanceof PrismError) return reason;
    if (late || (reason instanceof GrpcError && codeFrom(reason.code) === Code.DEADLINE_EXCEEDED)) {
      const sentence = `${this.#plugin} did not answer ${method} in time`;
      return new PrismError("deadlineExceeded", sentence, { cause: reason });
    }
    if (reason instanceof GrpcError) {
      const code = codeFrom(reason.code);
      const kind = code === Code.UNAVAILABLE ? "pluginAway" : "pluginFault";
      const sentence = `${this.#plugin} answered ${method} with ${codeName(code)}: ${shorten(reason.message)}`;
      return new PrismError(kind, sentence, { cause: reason });
    }
    const why = reason instanceof Error ? reason.message : String(reason);
    return new PrismError("pluginAway", `${this.#plugin} cannot be reached for ${method}: ${why}`, {
      cause: reason,
    });
  }

  #checkProof(proof: Uint8Array, challenge: Uint8Array, required: boolean): void {
    const { token } = this.#address;
    if (token === "" || (proof.length === 0 && !required)) return;
    const expected = createHmac("sha256", token).update(challenge).digest();
    if (proof.length === expected.length && timingSafeEqual(proof, expected)) return;
    const what = proof.length === 0 ? "does not prove" : "fails to prove";
    throw new PrismError(
      "pluginFault",
      `${this.#plugin} ${what} that it holds the token: start it with PRISM_PLUGIN_TOKEN set to what plugin.token says, on an SDK that answers the challenge`,
    );
  }

  #refusal({ error, errorCode }: InitializeResponse): PrismError {
    const sentence = error === "" ? "it gave no reason" : shorten(error);
    const kind = codeFrom(errorCode) === Code.INVALID_ARGUMENT ? "configRefused" : "failedPrecondition";
    return new PrismError(kind, `${this.#plugin} refused to serve it: ${sentence}`);
  }
}

/** Whether a call failed because the plugin answered it with one of these codes. */
function isAnswer(reason: unknown, ...codes: readonly Code[]): boolean {
  const cause = reason instanceof PrismError ? reason.cause : undefined;
  return cause instanceof GrpcError && codes.includes(codeFrom(cause.code));
}

function healthOf(status: HealthCheckResponse_Status): Health {
  switch (status) {
    case HealthCheckResponse_Status.HEALTHY:
      return "HEALTHY";
    case HealthCheckResponse_Status.DEGRADED:
      return "DEGRADED";
    default:
      // A status of a later protocol: better to look than to trust.
      return "UNHEALTHY";
  }
}

function shorten(sentence: string): string {
  return sentence.length > longestSentence ? `${sentence.slice(0, longestSentence)}…` : sentence;
}
