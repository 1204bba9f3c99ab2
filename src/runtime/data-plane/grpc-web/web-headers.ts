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
 * What a browser would act upon beyond the answer itself. All namespaces have one origin, so a plugin that could set
 * these would reach the others' pages; and a length is told of other bytes than those that are sent.
 */
const notForBrowsers: ReadonlySet<string> = new Set([
  ...[":status", "content-encoding", "content-length", "content-type"],
  ...["accept-ch", "alt-svc", "clear-site-data", "link", "nel", "refresh", "report-to"],
  ...["reporting-endpoints", "set-cookie", "strict-transport-security"],
]);

/** The headers of the gRPC call that a gRPC-Web request stands for. */
export function toGrpcHeaders({ fields, neverIndexed }: HeaderList, grpcType: string): HeaderList {
  const passed: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (!notOfTheCall.has(name) && !name.startsWith("sec-")) passed.push(name, fields[i + 1] ?? "");
  }
  return new HeaderList([...passed, "content-type", grpcType], neverIndexed);
}

/** The head of the answer, from the head of the call's: its names and values but for what is not for browsers. */
export function fieldsForBrowsers({ fields }: HeaderList): string[] {
  const passed: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (!notForBrowsers.has(name) && !name.startsWith("access-control-"))
      passed.push(name, fields[i + 1] ?? "");
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
