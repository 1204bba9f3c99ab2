import type { JsonValue } from "@bufbuild/protobuf";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads JSON of UTF-8. Throws where it is either not. */
export function parseJson(text: Uint8Array): JsonValue {
  return JSON.parse(utf8.decode(text)) as JsonValue;
}

/** Why something could not be read, as a sentence. */
export function reasonOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
