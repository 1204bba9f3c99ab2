import { constants, type Stats } from "node:fs";
import { open } from "node:fs/promises";
import { basename, isAbsolute } from "node:path";
import { readAddress } from "../client/address.js";
import { addressOfToken, operatorTokenFile, type PrismError } from "../protocol/index.js";

/** What shows that whoever runs a command may change something, and to whom it is shown. */
export interface OperatorToken {
  readonly token: string;
  readonly address: string;
}

const longestBytes = 512;

/**
 * The token that a refusal asks for, read from the file that it names; undefined where it asks for none, or where this
 * user has none for that address. Whoever answers at an address may lie, and name any file: so only a file with a token's
 * name, owner, mode and form is taken for one, and it is shown to nobody but at the address that stands in it.
 */
export async function tokenAskedFor(
  { kind, info }: PrismError,
  dialled: string,
): Promise<OperatorToken | undefined> {
  const path = info["token_file"] ?? "";
  if (kind !== "forbidden" || !isAbsolute(path) || basename(path) !== operatorTokenFile) return undefined;
  const token = await readToken(path).catch(() => undefined);
  const address = addressOfToken(token ?? "");
  if (token === undefined || address === undefined || !isSameDoor(address, dialled)) return undefined;
  return { token, address };
}

async function readToken(path: string): Promise<string | undefined> {
  // Neither a link is followed nor a pipe waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!isOfToken(await file.stat())) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestBytes), 0, longestBytes, 0);
    return buffer.toString("latin1", 0, bytesRead).replace(/\n$/, "");
  } finally {
    await file.close();
  }
}

function isOfToken(stats: Stats): boolean {
  const user = process.geteuid?.();
  const isOurs = user === 0 || user === stats.uid;
  return isOurs && stats.isFile() && (stats.mode & 0o077) === 0 && stats.size <= longestBytes;
}

/** Whether two addresses are the same port of this machine. */
function isSameDoor(one: string, other: string): boolean {
  const [first, second] = [readAddress(one), readAddress(other)];
  if (!first || !second || "path" in first || "path" in second || first.port !== second.port) return false;
  return first.host === second.host || (isLoopback(first.host) && isLoopback(second.host));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
