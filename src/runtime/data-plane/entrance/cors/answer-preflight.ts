import { HeaderList, type Stream, type StreamListener } from "../../../../wire/index.js";
import { deaf } from "../../common/deaf.js";
import { everyAnswer } from "../../common/fields.js";
import { type Cors, preflightOf } from "./cors.js";

/** Answers a preflight and tells who hears the rest of it; undefined where the request is none. */
export function answerPreflight(stream: Stream, headers: HeaderList, cors: Cors): StreamListener | undefined {
  const preflight = preflightOf(headers.get(":method") ?? "", (name) => headers.get(name));
  if (!preflight) return undefined;
  const { status, fields, body } = cors.answer(preflight);
  stream.sendHeaders(
    new HeaderList([":status", String(status), ...Object.entries({ ...everyAnswer, ...fields }).flat()]),
    body.length === 0,
  );
  if (body.length > 0) stream.sendData(body, true);
  return deaf;
}
