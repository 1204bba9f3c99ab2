import { HeaderList, messageHeadBytes } from "../../../wire/index.js";

/** The flag of the message that holds the trailers. */
const trailersFlag = 0x80;

/** What tells of the hop or of the page, and nothing of the call. */
const notOfTheCall: ReadonlySet<string> = new Set([
  ...["accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-length"],
  ...["content-type", "cookie", "dnt", "expect", "host", "keep-alive", "origin", "pragma", "priority"],
  ...["proxy-connection", "referer", "te", "transfer-encoding", "upgrade", "x-grpc-web"],
]);

/**
 * Names that are the call's own: of gRPC, and of metadata that no browser looks at. All namespaces have one origin, so a
 * plugin that could set what browsers act upon would reach the others' pages; such names are invented every year.
 */
const ofTheCall = /^(?:grpc-[\w.-]+|x-[\w.-]+|[\w.-]+-bin)$/;

/** Of the names with `x-`, those that browsers, or the proxies before them, do act upon. */
const actedUpon =
  /^x-(?:accel-.*|content-.*|dns-.*|download-options|frame-options|lighttpd-.*|permitted-.*|robots-tag|sendfile.*|sourcemap|ua-compatible|webkit-.*|xss-protection)$/;

/** The headers of the gRPC call that a gRPC-Web request stands for. */
export function toGrpcHeaders({ fields, neverIndexed }: HeaderList, grpcType: string): HeaderList {
  const passed: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (!notOfTheCall.has(name) && !name.startsWith("sec-")) passed.push(name, fields[i + 1] ?? "");
  }
  return new HeaderList([...passed, "content-type", grpcType], neverIndexed);
}

/** The head of the answer, from the head of the call's: the metadata that pages may have. */
export function fieldsForBrowsers({ fields }: HeaderList): string[] {
  const passed: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (ofTheCall.test(name) && !actedUpon.test(name)) passed.push(name, fields[i + 1] ?? "");
  }
  return passed;
}

/** Trailers as the last message of a body. */
export function trailersMessage({ fields }: HeaderList): Buffer {
  let text = "";
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  const message = Buffer.allocUnsafe(messageHeadBytes + text.length);
  message[0] = trailersFlag;
  message.writeUInt32BE(text.length, 1);
  message.write(text, messageHeadBytes, "latin1");
  return message;
}
