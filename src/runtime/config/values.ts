import { isIP, isIPv6 } from "node:net";
import type { ListenAddress } from "./config.js";

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unitBytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** The longest time a timer can wait; a longer one would fire at once. */
const longestMs = 2 ** 31 - 1;

/** The longest path that every system takes for a Unix socket, in bytes. */
export const longestSocketPath = 100;

/** Milliseconds from a whole number, or from text such as "30s". Undefined for anything else. */
export function readTime(value: unknown): number | undefined {
  const ms = readWithUnit(value, unitMs);
  return ms !== undefined && ms <= longestMs ? ms : undefined;
}

/** Bytes from a whole number, or from text such as "512KiB". Undefined for anything else. */
export function readSize(value: unknown): number | undefined {
  return readWithUnit(value, unitBytes);
}

/** How often within which time, from text such as "5/60s". */
export function readRate(value: unknown): { falls: number; withinMs: number } | undefined {
  if (typeof value !== "string") return undefined;
  const [count = "", time = "", ...rest] = value.split("/");
  const falls = /^\d{1,6}$/.test(count) ? Number(count) : 0;
  const withinMs = readTime(time);
  return falls > 0 && withinMs && rest.length === 0 ? { falls, withinMs } : undefined;
}

/** An address to listen on, from `host:port`, `[::1]:port` or `unix:/path`. */
export function readListenAddress(value: unknown): ListenAddress | undefined {
  if (typeof value !== "string" || /[\s\0{}]/.test(value)) return undefined;
  if (value.startsWith("unix:")) {
    const path = value.slice("unix:".length);
    return path === "" ? undefined : { kind: "unix", path, text: value };
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]/]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed)))
    return undefined;
  return { kind: "tcp", host, port, text: value };
}

/** Where a web page comes from: scheme, host, and port where it is not the usual one, as browsers write it; or "*". */
export function readPageOrigin(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  if (value === "*") return value;
  const [, scheme = "", host = ""] = /^([a-z][a-z0-9+.-]*):\/\/([^\s/?#@"<>]+)$/.exec(value) ?? [];
  // Browsers know hosts of these alone; that of an extension, say, is a name.
  const isWeb = scheme === "http" || scheme === "https";
  const isWritten = isWeb ? URL.canParse(value) && new URL(value).origin === value : host !== "";
  return isWritten ? value : undefined;
}

/** A name that a port is asked by, in lower case, or "*". */
export function readHostName(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 253) return undefined;
  return value === "*" || /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(value) ? value.toLowerCase() : undefined;
}

/** Where connections come from: an address, a network such as "10.0.0.0/8" or "fd00::/8", or "unix". */
export function readSource(value: unknown): string | undefined {
  if (typeof value !== "string" || value.includes("%")) return undefined;
  const [address = "", bits, ...rest] = value.split("/");
  const most = { 4: 32, 6: 128 }[isIP(address)];
  const isNetwork = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (most ?? 0));
  return value === "unix" || (most !== undefined && isNetwork && rest.length === 0) ? value : undefined;
}

/** Whether only this machine can reach the address. */
export function isLocal(address: ListenAddress): boolean {
  if (address.kind === "unix") return true;
  return address.host === "localhost" || address.host === "::1" || /^127(\.\d{1,3}){3}$/.test(address.host);
}

function readWithUnit(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof value === "number") return isCount(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const [, digits, unit] = /^(\d{1,15}) ?([A-Za-z]+)$/.exec(value) ?? [];
  if (unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  const total = Number(digits) * (units[unit] ?? NaN);
  return isCount(total) ? total : undefined;
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0;
}
