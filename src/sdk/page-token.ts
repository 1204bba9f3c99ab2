import { crc32 } from "node:zlib";
import { Code, textOf } from "../protocol/index.js";
import { maxKeyBytes } from "./key-rules.js";
import { PluginError } from "./plugin-error.js";

const sumBytes = 4;
/** Of a token, in letters of base64. */
const maxTokenLetters = Math.ceil(((sumBytes + maxKeyBytes) * 4) / 3);

/** The token of the page behind a key: opaque to clients, and with a sum in it, so that what is none is told from one. */
export function tokenAfter(key: string): string {
  const bytes = Buffer.from(key);
  const token = Buffer.allocUnsafe(sumBytes + bytes.length);
  token.writeUInt32BE(crc32(bytes), 0);
  bytes.copy(token, sumBytes);
  return token.toString("base64url");
}

/** The key behind which a scan of a prefix goes on; empty for its first page. Throws INVALID_ARGUMENT where no such scan gave the token. */
export function keyOfToken(token: string, prefix: string): string {
  if (token === "") return "";
  const isShort = token.length <= maxTokenLetters;
  const key = isShort ? textOf(Buffer.from(token, "base64url").subarray(sumBytes)) : undefined;
  // What can be read, yet is spelt as no page spells it, is none either.
  if (!key || !key.startsWith(prefix) || tokenAfter(key) !== token) {
    const message =
      "the page token is none of this scan: send next_page_token of the page before, with the same prefix, or nothing";
    throw new PluginError(Code.INVALID_ARGUMENT, message);
  }
  return key;
}
