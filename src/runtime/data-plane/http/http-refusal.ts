import { PrismError } from "../../../protocol/index.js";
import type { Fields } from "../common/fields.js";

/** A failure that HTTP has a better word for than its gRPC status does. */
export class HttpRefusal extends PrismError {
  readonly httpStatus: number;
  readonly fields: Fields;

  constructor(error: PrismError, httpStatus: number, fields: Fields = {}) {
    super(error.kind, error.message, { code: error.code, info: error.info });
    this.httpStatus = httpStatus;
    this.fields = fields;
  }
}
