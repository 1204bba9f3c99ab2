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
        if (traceparentForm.test(value)) this.traceparent = value;
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
const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
