import type { HeaderList } from "../../wire/index.js";

/** What a request's header block says, as far as a proxy cares. Absent fields are empty. */
export class RequestHead {
  method = "";
  path = "";
  authority = "";
  contentType = "";
  namespace: string;
  timeout = "";
  traceparent = "";
  encoding = "";
  acceptEncoding = "";

  /** Whose data a call is for that does not say so is `namespace`. */
  constructor({ fields }: HeaderList, namespace: string) {
    this.namespace = namespace;
    for (let i = 0; i < fields.length; i += 2) this.#take(fields[i] ?? "", fields[i + 1] ?? "");
  }

  #take(name: string, value: string): void {
    switch (name) {
      case ":method":
        this.method = value;
        break;
      case ":path":
        this.path = value;
        break;
      case ":authority":
        this.authority = value;
        break;
      case "content-type":
        this.contentType = value;
        break;
      case "prism-namespace":
        if (value !== "") this.namespace = value;
        break;
      case "grpc-timeout":
        this.timeout = value;
        break;
      case "traceparent":
        // A value of another form is no trace, and would be text of the client's making in the plugin's metadata.
        if (isTraceparent(value)) this.traceparent = value;
        break;
      case "grpc-encoding":
        this.encoding = value;
        break;
      case "grpc-accept-encoding":
        this.acceptEncoding = value;
        break;
    }
  }

  /** Whether this is gRPC, however its messages are coded. */
  get isGrpc(): boolean {
    return this.method === "POST" && (this.contentType === usualType || grpcForm.test(this.contentType));
  }

  /** Whether its messages are protobuf. */
  get isProtobuf(): boolean {
    return this.contentType === usualType || protobufForm.test(this.contentType);
  }
}

const usualType = "application/grpc";
const grpcForm = /^application\/grpc(\+[a-z0-9._-]+)?(;|$)/;
const protobufForm = /^application\/grpc(\+proto)?(;|$)/;

const traceBytes = 55;
const dash = 0x2d;

/** W3C Trace Context, section 3.2. Written out, because it runs for most calls and a RegExp takes twice as long. */
function isTraceparent(value: string): boolean {
  if (value.length !== traceBytes) return false;
  for (let i = 0; i < traceBytes; i++) {
    const byte = value.charCodeAt(i);
    const isRight = i === 2 || i === 35 || i === 52 ? byte === dash : isHexDigit(byte);
    if (!isRight) return false;
  }
  return true;
}

/** 0-9 and a-f: capitals are no trace's. */
function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}
