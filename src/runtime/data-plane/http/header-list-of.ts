import type { IncomingMessage } from "node:http";
import { HeaderList } from "../../../wire/index.js";
import type { Exchange } from "./exchange.js";

/** The head of a request over HTTP/1.1 as HTTP/2 would say it. */
export function headerListOf(
  { headers, rawHeaders }: IncomingMessage,
  { verb, target }: Pick<Exchange, "verb" | "target">,
): HeaderList {
  const fields = rawHeaders.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
  const pseudo = [":method", verb, ":scheme", "http", ":path", target, ":authority", headers.host ?? ""];
  return new HeaderList([...pseudo, ...fields]);
}
