import fc from "fast-check";

/** A request of HTTP/1 as JSON. Its texts are latin1: a byte a character. */
export interface FuzzedRequest {
  readonly verb: string;
  readonly target: string;
  readonly version: "1.1" | "1.0";
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: FuzzedBody;
  readonly fault: Fault;
}

/** What follows a head; a text is sent so many times over. */
export type FuzzedBody =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly text: string; readonly times: number }
  | {
      readonly kind: "chunks";
      readonly chunks: readonly string[];
      readonly extension: string;
      readonly trailers: readonly string[];
    };

/** What is wrong with a request, if anything. */
export type Fault = "none" | keyof typeof faultyHeads | "breaks off" | "bytes behind the body";

/** Makes one head out of lines such that nobody may serve it (RFC 9112, sections 2.2, 3.2, 5 and 6). */
const faultyHeads = {
  "no host": ([first = "", ...lines]) => [
    first.replace(/1\..$/, "1.1"),
    ...lines.filter((line) => !line.startsWith("host:")),
  ],
  "two hosts": (lines) => [...lines, "Host: other"],
  "two lengths": (lines) => [...lines, "content-length: 3", "content-length: 4"],
  "a length and chunks": (lines) => [...lines, "content-length: 3", "transfer-encoding: chunked"],
  "an odd length": (lines) => [...lines, "content-length: +3"],
  "an unknown coding": (lines) => [...lines, "transfer-encoding: chunked, gzip"],
  "a bare CR": (lines) => [...lines, "x-a: 1\rx-b: 2"],
  "a bare LF": (lines) => [...lines, "x-a: 1\nx-b"],
  "a NUL": (lines) => [...lines, "x-a: \0"],
  "a folded field": (lines) => [...lines, "x-a: 1", " 2"],
  "a blank before the colon": (lines) => [...lines, "x-a : 1"],
  "a blank in the target": ([first = "", ...lines]) => [first.replace(" HTTP/", " x HTTP/"), ...lines],
  "an unknown method": ([first = "", ...lines]) => [`BREW${first.slice(first.indexOf(" "))}`, ...lines],
  "a later version": ([first = "", ...lines]) => [first.replace(/1\..$/, "3.7"), ...lines],
} as const satisfies Record<string, (lines: readonly string[]) => readonly string[]>;

const usually = <T>(weight: number, usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: other });

const orders = "/v1/namespaces/orders";
const keyPart = fc.constantFrom("a", "b", "%2f", "%0d%0aset-cookie:%20x", "%00", "%zz", "%", "..", "//", "?x=1", "#f", "%C3%A9", "%ff", "|\"<>"); // prettier-ignore
const target = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(`${orders}/kv/a`, `${orders}/kv/b`, `${orders}/kv/large`) },
  { weight: 4, arbitrary: fc.array(keyPart, { maxLength: 5 }).map((parts) => `${orders}/kv/${parts.join("")}`) },
  { weight: 4, arbitrary: fc.constantFrom(`${orders}/get`, `${orders}/watch`, `${orders}/set`, `${orders}/none`) },
  { weight: 1, arbitrary: fc.constantFrom(orders, "/v1/namespaces", "/v1/openapi.json", "/v1/namespaces/oders/kv/a", "/", "*") },
  { weight: 1, arbitrary: fc.constantFrom(`http://other${orders}/kv/a`, `HTTP://${orders}`, "/prism.keyvalue.v1.KeyValue/Get", `//${orders}`) },
  { weight: 1, arbitrary: fc.array(keyPart, { maxLength: 4 }).map((parts) => `/v1/namespaces/${parts.join("")}/kv/a`) },
); // prettier-ignore
const field = fc.oneof(
  fc.tuple(fc.constant("range"), fc.constantFrom("bytes=0-3", "bytes=-1", "bytes=9-", "bytes=70000-99999", "bytes=1-0,2-3", "x=1")),
  fc.tuple(fc.constantFrom("if-none-match", "If-Match", "if-range"), fc.constantFrom("*", '"x"', 'W/"x", "y"', "x", "")),
  fc.tuple(fc.constant("content-type"), fc.constantFrom("application/json", "application/x-ndjson", "application/grpc-web", "application/grpc-web-text+proto", "application/grpc", "text/plain", ";")),
  fc.tuple(fc.constant("accept"), fc.constantFrom("application/json", "text/event-stream", "application/x-ndjson", "*/*", ";q=x,,")),
  fc.tuple(fc.constant("prism-ttl-ms"), fc.constantFrom("1", "-1", "9".repeat(20), "")),
  fc.tuple(fc.constant("origin"), fc.constantFrom("http://page.test", "null", "\xff")),
  fc.tuple(fc.constant("access-control-request-method"), fc.constantFrom("PUT", "x y")),
  fc.tuple(fc.constant("expect"), fc.constantFrom("100-continue", "100-Continue", "tea")),
  fc.tuple(fc.constant("connection"), fc.constantFrom("keep-alive", "x", "upgrade, x")),
  fc.tuple(fc.constantFrom("upgrade", "te", "x-Odd!#$%&'*+-.^_`|~", "cookie", "date"), fc.constantFrom("h2c", "trailers", "\xe9\xff", "\t x \t", "v".repeat(2000))),
  fc.tuple(fc.constantFrom("authorization", "traceparent", "grpc-timeout", "prism-namespace", "prism-principal"), fc.constantFrom("Bearer x", "1H", "1x", "00-0-0-0", "orders")),
); // prettier-ignore
const text = fc.oneof(
  fc.constantFrom('{"key":"a"}', '{"key":"b","value":"aGk="}', '{"rawParams":"aGk="}', '{"rawParams":"aGk="}\n{}\n\n{"rawParams":""}\r\n'),
  fc.constantFrom("", "{", "\n", "\0\xff", "\0\0\0\0\x02\x0a\0", "GET / HTTP/1.1\r\n\r\n"),
); // prettier-ignore
const body: fc.Arbitrary<FuzzedBody> = fc.oneof(
  fc.constant({ kind: "none" as const }),
  fc.record({
    kind: fc.constant("length" as const),
    text,
    times: usually(8, fc.constant(1), fc.constantFrom(100, 5000)),
  }),
  fc.record({
    kind: fc.constant("chunks" as const),
    chunks: fc.array(text, { maxLength: 5 }),
    extension: usually(3, fc.constant(""), fc.constantFrom(";a", ";a=1", ';a="b c"')),
    trailers: usually<readonly string[]>(3, fc.constant([]), fc.constant(["x-a: 1", "host: b"])),
  }),
);
const faults: readonly Fault[] = [
  ...(Object.keys(faultyHeads) as Fault[]),
  "breaks off",
  "bytes behind the body",
];

/** A request, by and large well made. */
export const request: fc.Arbitrary<FuzzedRequest> = fc.record({
  verb: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom("GET", "PUT", "POST") },
    fc.constantFrom("GET", "HEAD", "DELETE", "OPTIONS", "PATCH"),
  ),
  target,
  version: usually(20, fc.constant("1.1" as const), fc.constant("1.0" as const)),
  fields: fc.array(field, { maxLength: 5 }),
  body,
  fault: usually(6, fc.constant<Fault>("none"), fc.constantFrom(...faults)),
});

/** A request's bytes. One that breaks off ends in the middle. */
export function bytesOfRequest(asked: FuzzedRequest): Buffer {
  const { verb, target: path, version, fields, body: sent, fault } = asked;
  const named = fields.map(([name, value]) => `${name}: ${value}`);
  const sound = [`${verb} ${path} HTTP/${version}`, "host: prism.test", ...named, ...framingOf(sent)];
  const lines = fault in faultyHeads ? faultyHeads[fault as keyof typeof faultyHeads](sound) : sound;
  const more = fault === "bytes behind the body" ? "\x01" : "";
  const bytes = Buffer.from(`${lines.join("\r\n")}\r\n\r\n${contentOf(sent)}${more}`, "latin1");
  return fault === "breaks off" ? bytes.subarray(0, bytes.length / 2) : bytes;
}

function framingOf(sent: FuzzedBody): string[] {
  if (sent.kind === "none") return [];
  if (sent.kind === "chunks") return ["Transfer-Encoding: chunked"];
  return [`Content-Length: ${sent.text.length * sent.times}`];
}

function contentOf(sent: FuzzedBody): string {
  if (sent.kind === "none") return "";
  if (sent.kind === "length") return sent.text.repeat(sent.times);
  const chunks = sent.chunks
    .filter((chunk) => chunk !== "")
    .map((chunk) => `${chunk.length.toString(16)}${sent.extension}\r\n${chunk}\r\n`);
  return `${chunks.join("")}0\r\n${sent.trailers.map((line) => `${line}\r\n`).join("")}\r\n`;
}
