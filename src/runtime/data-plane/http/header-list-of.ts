import type { IncomingMessage } from "node:http";
import { HeaderList } from "../../../wire/index.js";

/** The head of a request over HTTP/1.1 as HTTP/2 would say it. */
export function headerListOf({ method = "", url = "", headers, rawHeaders }: IncomingMessage): HeaderList {
  const fields = rawHeaders.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
  const pseudo = [":method", method, ":scheme", "http", ":path", url, ":authority", headers.host ?? ""];
  return new HeaderList([...pseudo, ...fields]);
}
