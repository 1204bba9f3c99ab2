import { PrismError } from "../../../protocol/index.js";
import { doubledField, HeaderList } from "../../../wire/index.js";
import type { Cors } from "../entrance/cors/cors.js";
import { everyAnswer } from "../common/fields.js";
import { type WebForm, webFormOf } from "./web-form.js";
import { fieldsForBrowsers, toGrpcHeaders } from "./web-headers.js";

const always = Object.entries(everyAnswer).flat();

/** What the head of a gRPC-Web request says. Holds for every request with the same head. */
export class WebRequest {
  readonly form: WebForm;
  /** The headers of the gRPC call. */
  readonly headers: HeaderList;
  /** Why it is refused whatever it asks for; undefined where it is not. */
  readonly problem: PrismError | undefined;
  readonly #cors: Cors;
  readonly #origin: string | undefined;
  /** The head that was answered last, as the call gave it and as it went out: most answers have the same. */
  #answered: { readonly from: HeaderList; readonly made: HeaderList } | undefined;

  /** Reads a request's head; undefined where it is no gRPC-Web. */
  static from(headers: HeaderList, cors: Cors): WebRequest | undefined {
    const form = webFormOf(headers);
    return form && new WebRequest(headers, form, cors);
  }

  private constructor(headers: HeaderList, form: WebForm, cors: Cors) {
    this.form = form;
    this.headers = toGrpcHeaders(headers, form.grpcType);
    this.problem = problemIn(headers);
    this.#cors = cors;
    this.#origin = headers.get("origin");
  }

  /** The head of the answer, from the head of the call's. */
  answerHead(from: HeaderList): HeaderList {
    if (this.#answered?.from !== from) this.#answered = { from, made: this.#makeHead(from) };
    return this.#answered.made;
  }

  #makeHead(from: HeaderList): HeaderList {
    const passed = fieldsForBrowsers(from);
    const names = passed.filter((_, index) => index % 2 === 0);
    const status = [":status", "200", "content-type", this.form.answerType, ...always];
    const cors = Object.entries(this.#cors.fieldsFor(this.#origin, names)).flat();
    return new HeaderList([...status, ...passed, ...cors], from.neverIndexed);
  }
}

function problemIn(headers: HeaderList): PrismError | undefined {
  const repeated = doubledField(headers.fields);
  if (repeated !== undefined) {
    return new PrismError("invalidRequest", `the request has ${repeated} twice: send one`);
  }
  const coding = headers.get("content-encoding") ?? "identity";
  if (coding.toLowerCase() === "identity") return undefined;
  return new PrismError("invalidRequest", "the body is coded (content-encoding): compress by grpc-encoding");
}
