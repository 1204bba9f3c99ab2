import { create, toBinary } from "@bufbuild/protobuf";
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
import { noMessage, secondMessage } from "../common/message-failures.js";
import { type Answers, type Conversation, decode, OneAnswer } from "./conversation.js";
import type { Converse } from "./converse.js";
import type { ServingStatuses, StatusListener } from "./serving-statuses.js";

/** gRPC's own bound of a list. */
const mostListed = 100;
/** What is repeated of a name that a client made up. */
const longestName = 63;

/** grpc.health.v1.Health: whether Prism serves, and each namespace; by operation. */
export const healthConversations: readonly (readonly [operation: string, Converse])[] = [
  [
    `${Health.typeName}/${Health.method.check.name}`,
    (answers, { services: { statuses } }) => {
      const answer = ({ service }: HealthCheckRequest): Uint8Array => check(service, statuses);
      return new OneAnswer(answers, (message) => answer(decode(HealthCheckRequestSchema, message)));
    },
  ],
  [
    `${Health.typeName}/${Health.method.list.name}`,
    // The request says nothing.
    (answers, { services: { statuses } }) => new OneAnswer(answers, () => list(statuses)),
  ],
  [
    `${Health.typeName}/${Health.method.watch.name}`,
    (answers, { services: { statuses } }) => new HealthWatch(answers, statuses),
  ],
];

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
