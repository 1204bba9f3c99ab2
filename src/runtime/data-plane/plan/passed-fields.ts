import type { HeaderList } from "../../../wire/index.js";
import type { ToldFields } from "../route/plugin-headers.js";
import type { RequestHead } from "./request-head.js";

/**
 * Fields of a tunnelled call that stay here: those of the hop, those that Prism says itself, and the caller's
 * credentials, which open every namespace that the caller may use and so are not for a plugin's eyes.
 */
const keptBack: ReadonlySet<string> = new Set([
  "te",
  "host",
  "content-type",
  "content-length",
  "grpc-timeout",
  "traceparent",
  "tracestate",
  "authorization",
  "proxy-authorization",
]);

/** What of a client's headers reaches a service of a plugin's own, behind `fields`: all metadata, as it came, but for what stays here. */
export function passedFields(headers: HeaderList, head: RequestHead, fields: string[]): ToldFields {
  const { fields: sent, neverIndexed } = headers;
  for (let i = 0; i < sent.length; i += 2) {
    const name = sent[i] ?? "";
    if (isPassed(name, head)) fields.push(name, sent[i + 1] ?? "");
  }
  const authority = head.authority === "" ? "plugin" : head.authority;
  return { authority, contentType: head.contentType, fields, neverIndexed };
}

function isPassed(name: string, { traceparent }: RequestHead): boolean {
  // Without the trace that it belongs to it says nothing (W3C Trace Context, section 3.3).
  if (name === "tracestate") return traceparent !== "";
  return !name.startsWith(":") && !name.startsWith("prism-") && !keptBack.has(name);
}
