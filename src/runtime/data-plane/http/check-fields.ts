import { PrismError } from "../../../protocol/index.js";
import { doubledField } from "../../../wire/index.js";
import type { Exchange } from "./exchange.js";
import type { HttpRequest } from "./http-request.js";
import { HttpRefusal } from "./http-refusal.js";

/** Refuses a request whose fields can be read in two ways, or say what would be passed over without a word. */
export function checkFields(exchange: Exchange, request: HttpRequest): void {
  const { fields } = exchange;
  const repeated = doubledField(fields);
  if (repeated !== undefined) throw invalid(`the request has ${repeated} twice: send one`);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (name.startsWith("prism-")) checkOurs(name, fields[i + 1] ?? "", request);
    if (name === "content-encoding") checkCoding(fields[i + 1] ?? "");
  }
  if (exchange.header("content-range") !== undefined) {
    throw invalid(
      "content-range is no part of a request here: no part of a value can be written, send all of it",
    );
  }
}

/** A misspelt `Prism-TTL-Ms` would keep a value for ever. */
function checkOurs(name: string, value: string, request: HttpRequest): void {
  if (name === "prism-namespace") {
    if (!("namespace" in request) || value === request.namespace) return;
    throw invalid(`prism-namespace is not the namespace of the path: leave it out`);
  }
  if (name !== "prism-ttl-ms") {
    throw invalid(`there is no field ${name.slice(0, 100)}: there are prism-ttl-ms and prism-namespace`);
  }
  const isWrite = request.kind === "key" && request.verb === "PUT";
  if (!isWrite) throw invalid("prism-ttl-ms belongs to PUT: leave it out");
}

/** What is stored is what is sent, and nobody would know later how it was coded. */
function checkCoding(coding: string): void {
  if (/^[ \t]*(identity)?[ \t]*$/i.test(coding)) return;
  const message = `the body is coded (content-encoding "${coding.slice(0, 40)}"): send it as it is`;
  throw new HttpRefusal(new PrismError("invalidRequest", message), 415, { "accept-encoding": "identity" });
}

function invalid(message: string): PrismError {
  return new PrismError("invalidRequest", message);
}
