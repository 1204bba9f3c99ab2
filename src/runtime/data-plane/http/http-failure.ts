import type { Status } from "../../../protocol/gen/google/rpc/status_pb.js";
import {
  codeFrom,
  httpStatusOf,
  printable,
  PrismError,
  statusFrom,
  statusJson,
} from "../../../protocol/index.js";
import type { Exchange } from "./exchange.js";
import type { Fields } from "../common/fields.js";
import { HttpRefusal } from "./http-refusal.js";
import { CallFailed } from "./inner-call.js";

/** A failure as a whole answer. */
export interface FailureAnswer {
  readonly httpStatus: number;
  readonly fields: Fields;
  readonly body: Buffer;
}

/** Tells a failure: as the answer, or where that has begun, by breaking it off. */
export async function answerFailure(exchange: Exchange, reason: unknown): Promise<void> {
  if (exchange.begun) {
    exchange.breakOff();
    return;
  }
  const { httpStatus, fields, body } = failureAnswer(reason);
  exchange.begin(httpStatus, fields);
  await exchange.write(body);
  exchange.end();
}

/** A failure as an answer: google.rpc.Status as JSON. */
export function failureAnswer(reason: unknown): FailureAnswer {
  const status = statusOf(reason);
  const body = Buffer.from(`${printable(JSON.stringify(statusJson(status)))}\n`);
  const refusal = reason instanceof HttpRefusal ? reason : undefined;
  return {
    httpStatus: refusal?.httpStatus ?? httpStatusOf(codeFrom(status.code)),
    fields: {
      "content-type": "application/json",
      "content-length": String(body.length),
      ...refusal?.fields,
    },
    body,
  };
}

/** A failure as google.rpc.Status. */
export function statusOf(reason: unknown): Status {
  return reason instanceof CallFailed ? reason.status : statusFrom(PrismError.from(reason));
}
