import type { IncomingMessage } from "node:http";
import { HeaderList } from "../../../wire/index.js";
import type { Exchange } from "./exchange.js";

/** The head of a request over HTTP/1.1 as HTTP/2 would say it. */
export function headerListOf(
  { headers }: IncomingMessage,
  { verb, target, fields }: Pick<Exchange, "verb" | "target" | "fields">,
): HeaderList {
  const pseudo = [":method", verb, ":scheme", "http", ":path", target, ":authority", headers.host ?? ""];
  return new HeaderList([...pseudo, ...fields]);
}
