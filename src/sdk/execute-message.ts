import { Code, PrismError } from "../protocol/index.js";
import { type Envelope, readEnvelope } from "./envelope.js";
import { PluginError } from "./plugin-error.js";

/** An ExecuteRequest from an offset on; as a view it is valid only during the event. */
export interface Message {
  readonly bytes: Buffer;
  readonly from: number;
  readonly isView: boolean;
}

/** Reads where things lie in it; INVALID_ARGUMENT where it does not parse. */
export function envelopeOf({ bytes, from }: Message): Envelope {
  try {
    return readEnvelope(bytes, from, bytes.length);
  } catch (cause) {
    if (cause instanceof PrismError) throw cause;
    throw new PrismError(
      "invalidRequest",
      "the message is no prism.plugin.ExecuteRequest: it does not parse",
      {
        cause,
      },
    );
  }
}

/** The operation's parameters where they lie. No parameters are an empty message. */
export function paramsOf(
  { takes }: { readonly takes: string },
  { operation, params, typeUrl, start, end }: Envelope,
  message: Buffer,
): Buffer {
  const fits = takes === "bytes" ? params !== "typed" : params !== "raw" && isUrlOf(typeUrl, takes);
  if (fits || params === "none") return message.subarray(start, end);
  const wanted = takes === "bytes" ? "bytes as raw_params" : `a ${takes} as typed_params`;
  const got = params === "raw" ? "raw_params" : `a "${typeUrl}"`;
  throw new PluginError(Code.INVALID_ARGUMENT, `the operation "${operation}" takes ${wanted}, not ${got}`);
}

function isUrlOf(typeUrl: string, typeName: string): boolean {
  return (
    typeUrl.length > typeName.length && typeUrl.endsWith(typeName) && typeUrl.at(-typeName.length - 1) === "/"
  );
}
