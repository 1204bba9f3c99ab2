import { type Code, codeFrom, type HiddenTexts, PrismError } from "../../../protocol/index.js";
import {
  decodeGrpcMessage,
  doubledField,
  encodeGrpcMessage,
  HeaderList,
  statusFromHttp,
} from "../../../wire/index.js";

/** How a plugin's call ended, by its trailers. */
export interface Ending {
  /** `grpc-status`: whether the channel did its work. */
  readonly code: Code;
  /** `prism-error-code`: whether the operation did, where the plugin tells. */
  readonly operationCode: Code;
  /** `grpc-message`, decoded. */
  readonly message: string;
}

/** What is wrong with the head of a plugin's answer; undefined where it is gRPC's. */
export function readHead(headers: HeaderList): PrismError | undefined {
  const known = headers.memo as PrismError | "fine" | undefined;
  if (known === undefined) headers.memo = headProblem(headers) ?? "fine";
  return headers.memo === "fine" ? undefined : (headers.memo as PrismError);
}

/** Reads the trailers of a plugin's answer; undefined where they do not say how it ended, or say it twice. */
export function readTrailers(headers: HeaderList): Ending | undefined {
  const known = headers.memo as Ending | undefined;
  if (known !== undefined) return known;
  const ending = endingFrom(headers);
  headers.memo = ending;
  return ending;
}

/**
 * The trailers of a call that failed, without what must not be told. Where there was something of it in the message,
 * the details, which hold the message again, are left out.
 */
export function withoutSecrets(trailers: HeaderList, secrets: HiddenTexts): HeaderList {
  const message = readTrailers(trailers)?.message ?? "";
  const told = secrets.hide(message);
  if (told === message) return trailers;
  const { fields } = trailers;
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [name = "", value = ""] = [fields[i], fields[i + 1]];
    if (name === "grpc-message") kept.push(name, encodeGrpcMessage(told));
    else if (name !== "grpc-status-details-bin") kept.push(name, value);
  }
  return new HeaderList(kept, trailers.neverIndexed);
}

function endingFrom(headers: HeaderList): Ending | undefined {
  const status = headers.get("grpc-status");
  if (status === undefined || doubledField(headers.fields) !== undefined) return undefined;
  const operationCode = headers.get("prism-error-code") ?? "0";
  const message = decodeGrpcMessage(headers.get("grpc-message") ?? "");
  return { code: codeFrom(Number(status)), operationCode: codeFrom(Number(operationCode)), message };
}

function headProblem(headers: HeaderList): PrismError | undefined {
  const status = headers.get(":status") ?? "";
  if (status !== "200") {
    const message = `the plugin answered with HTTP status ${status}: it does not speak gRPC`;
    return new PrismError("pluginFault", message, { code: codeFrom(statusFromHttp(Number(status))) });
  }
  const doubled = doubledField(headers.fields);
  if (doubled !== undefined) return new PrismError("pluginFault", `the plugin answered with two ${doubled}`);
  const contentType = headers.get("content-type") ?? "";
  if (contentType.startsWith("application/grpc")) return undefined;
  return new PrismError(
    "pluginFault",
    `the plugin answered with content-type "${contentType}": it does not speak gRPC`,
  );
}
