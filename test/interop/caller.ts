import { loadSync, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";

/** A client under test: opens calls of gRPC's interoperability service, every one as a stream both ways. */
export interface Caller {
  call(method: string, settings?: CallSettings): InteropCall;
}

/** What a case sets for a call. Values of `-bin` metadata are base64 here. */
export interface CallSettings {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** A call that runs. */
export interface InteropCall {
  send(message: object): void;
  end(): void;
  cancel(): void;
  /** The answers; ends with the call, however that ends. */
  readonly messages: AsyncIterable<Answer>;
  /** How it ended, whatever the status. */
  readonly ended: Promise<Ended>;
}

/** An answer of whichever method, as far as the cases look. */
export interface Answer {
  readonly payload?: { readonly body: Buffer } | null;
  readonly aggregatedPayloadSize?: number;
}

/** How a call ended. Values of `-bin` metadata are base64 without padding. */
export interface Ended {
  readonly code: number;
  readonly message: string;
  /** A value of the response headers. */
  header(name: string): string | undefined;
  /** A value of the trailers. */
  trailer(name: string): string | undefined;
}

const proto = new URL("../fixtures/interop/test.proto", import.meta.url).pathname;
const definitions = loadSync(proto, { defaults: true });

/** A method by its service and name: "TestService/EmptyCall". */
export function interopMethod(method: string): MethodDefinition<object, Answer> {
  const [service = "", name = ""] = method.split("/");
  const found = (definitions[`grpc.testing.${service}`] as ServiceDefinition | undefined)?.[name];
  if (!found) throw new Error(`no method ${method} in test.proto`);
  return found;
}
