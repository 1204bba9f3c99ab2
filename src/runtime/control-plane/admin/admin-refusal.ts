import { PrismError } from "../../../protocol/index.js";

/** A failure that HTTP has a better word for than its gRPC status does. */
export class AdminRefusal extends PrismError {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(error: PrismError, httpStatus: number, headers: Readonly<Record<string, string>> = {}) {
    super(error.kind, error.message, { code: error.code, info: error.info });
    this.httpStatus = httpStatus;
    this.headers = headers;
  }
}
