import { create, type DescMethod, toBinary } from "@bufbuild/protobuf";
import {
  Health,
  type HealthCheckRequest,
  HealthCheckRequestSchema,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Status,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
} from "../../../protocol/gen/grpc/health/v1/health_pb.js";
import { PrismError } from "../../../protocol/index.js";
import { noMessage, secondMessage } from "../message-failures.js";
import { type Answers, type Conversation, decode, OneAnswer } from "./conversation.js";
import { type Converse, type LocalMethod, localMethod } from "./local-method.js";
import type { ServingStatuses, StatusListener } from "./serving-statuses.js";

/** gRPC's own bound of a list. */
const mostListed = 100;
/** What is repeated of a name that a client made up. */
const longestName = 63;

/**
 * grpc.health.v1.Health: whether Prism serves, and each namespace. It is asked of Prism as a whole, whatever namespace a
 * call names: services are named in the messages.
 */
export const healthMethods: readonly LocalMethod[] = [
  method(Health.method.check, (answers, { services: { statuses } }) => {
    const answer = ({ service }: HealthCheckRequest): Uint8Array => check(service, statuses);
    return new OneAnswer(answers, (message) => answer(decode(HealthCheckRequestSchema, message)));
  }),
  method(Health.method.list, (answers, { services: { statuses } }) => {
    // The request says nothing.
    return new OneAnswer(answers, () => list(statuses));
  }),
  method(Health.method.watch, (answers, { services: { statuses } }) => new HealthWatch(answers, statuses)),
];

function method(described: DescMethod, converse: Converse): LocalMethod {
  return localMethod(described, { isNamespaced: false, converse });
}

function check(service: string, statuses: ServingStatuses): Uint8Array {
  const status = statuses.of(service);
  if (status !== Status.SERVICE_UNKNOWN) return toBinary(HealthCheckResponseSchema, answerWith(status));
  const told = service.slice(0, longestName);
  const message = `nothing called "${told}" is served: ask for a namespace by its name, or for all of Prism by an empty one`;
  throw new PrismError("unknownNamespace", message, { info: { namespace: told } });
}

function list(statuses: ServingStatuses): Uint8Array {
  const names = statuses.names(mostListed);
  if (names.length > mostListed) {
    const message = `more than ${mostListed} namespaces, and a list has no more: check them by their names, or list them at the admin address`;
    throw new PrismError("overLimit", message);
  }
  const all = Object.fromEntries(names.map((name) => [name, answerWith(statuses.of(name))]));
  return toBinary(HealthListResponseSchema, create(HealthListResponseSchema, { statuses: all }));
}

/** Tells a service's status, and then whenever it changes. A client that does not read hears only how it is in the end. */
class HealthWatch implements Conversation, StatusListener {
  readonly #answers: Answers;
  readonly #statuses: ServingStatuses;
  #service: string | undefined;
  #told: Status | undefined;

  constructor(answers: Answers, statuses: ServingStatuses) {
    this.#answers = answers;
    this.#statuses = statuses;
  }

  onMessage(message: Buffer): void {
    if (this.#service !== undefined) throw secondMessage();
    this.#service = decode(HealthCheckRequestSchema, message).service;
    this.#statuses.watch(this);
    this.onStatus();
  }

  onEnd(): void {
    if (this.#service === undefined) throw noMessage();
  }

  onStatus(): void {
    if (this.#service === undefined || this.#answers.isFull) return;
    const status = this.#statuses.of(this.#service);
    if (status === this.#told) return;
    this.#told = status;
    this.#answers.send(toBinary(HealthCheckResponseSchema, answerWith(status)));
  }

  onRead(): void {
    this.onStatus();
  }

  onShutdown(): void {
    this.onStatus();
  }

  onClose(): void {
    this.#statuses.leave(this);
  }
}

function answerWith(status: Status): HealthCheckResponse {
  return create(HealthCheckResponseSchema, { status });
}
