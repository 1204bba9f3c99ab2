import { isIPv4, isIPv6 } from "node:net";

/** What stands before a connection's own bytes, where a load balancer speaks the PROXY protocol. */
export interface ProxyHeader {
  /** How many bytes it takes. */
  readonly length: number;
  /** The client that the connection is made for; absent where the load balancer speaks for itself, or tells none. */
  readonly client?: { readonly address: string; readonly port: number };
}

/** The longest header of version 1, its line's end included. */
const longestLine = 107;
/** The longest header of version 2 that is taken. The addresses need at most 232; the rest is for what is told beside them. */
const longestBinary = 4096;

const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const binaryHead = 16;
const lineStart = Buffer.from("PROXY ");
const checksumType = 3;

/**
 * Reads the PROXY protocol's header, version 1 or 2, from a connection's first bytes; undefined while more must come.
 * Throws a RangeError, whose message says why, as soon as the bytes can be no header. (haproxy.org, proxy-protocol.txt.)
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (beginsLike(bytes, lineStart)) return readLine(bytes);
  if (beginsLike(bytes, signature)) return readBinary(bytes);
  throw new RangeError("there is no PROXY header");
}

function beginsLike(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length);
  return bytes.subarray(0, length).equals(expected.subarray(0, length));
}

/** "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n" */
function readLine(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.subarray(0, longestLine).indexOf("\r\n");
  if (end < 0) {
    if (bytes.length < longestLine) return undefined;
    throw new RangeError(`the PROXY header does not end within ${longestLine} bytes`);
  }
  const length = end + 2;
  const [, family, ...rest] = bytes.toString("latin1", 0, end).split(" ");
  // Whatever stands behind UNKNOWN is to be passed over.
  if (family === "UNKNOWN") return { length };
  const isAddress = families.get(family ?? "");
  const [source = "", destination = "", port = "", destinationPort = "", ...more] = rest;
  const isRight =
    isAddress?.(source) &&
    isAddress(destination) &&
    [port, destinationPort].every(isPort) &&
    more.length === 0;
  if (!isRight) throw new RangeError("the PROXY header is none of version 1");
  return { length, client: { address: source, port: Number(port) } };
}

const families = new Map([
  ["TCP4", isIPv4],
  ["TCP6", isPlainIPv6],
]);

/** An address without a zone, which means something to its own machine only. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes("%");
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** The signature, version and command, family and protocol, the length of the rest; then the addresses, and TLVs. */
function readBinary(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length < binaryHead) return undefined;
  const versionAndCommand = bytes.readUInt8(12);
  if (versionAndCommand !== 0x20 && versionAndCommand !== 0x21) {
    throw new RangeError("the PROXY header is of no version and command that there is");
  }
  const length = binaryHead + bytes.readUInt16BE(14);
  if (length > longestBinary) throw new RangeError(`the PROXY header is longer than ${longestBinary} bytes`);
  if (bytes.length < length) return undefined;
  const header = bytes.subarray(0, length);
  const familyCode = header.readUInt8(13);
  // The load balancer speaks for itself, or knows no client; what else it says is to be passed over.
  if (versionAndCommand === 0x20 || familyCode === 0) return { length };
  const family = familyOf(familyCode);
  const addressesEnd = binaryHead + family.bytes;
  if (addressesEnd > length) throw new RangeError("the PROXY header is shorter than its addresses");
  checkSum(header, addressesEnd);
  return family.read === undefined ? { length } : { length, client: family.read(header) };
}

interface Family {
  /** What both addresses take. */
  readonly bytes: number;
  /** Absent where the addresses are no client's. */
  readonly read?: (header: Buffer) => { address: string; port: number };
}

const inet: Family = {
  bytes: 12,
  read: (header) => ({
    address: header.subarray(binaryHead, binaryHead + 4).join("."),
    port: header.readUInt16BE(binaryHead + 8),
  }),
};

const inet6: Family = {
  bytes: 36,
  read: (header) => ({
    address: textOfIPv6(header.subarray(binaryHead, binaryHead + 16)),
    port: header.readUInt16BE(binaryHead + 32),
  }),
};

/** By address family and protocol (stream or datagram). */
function familyOf(code: number): Family {
  switch (code) {
    case 0x11:
    case 0x12:
      return inet;
    case 0x21:
    case 0x22:
      return inet6;
    case 0x31:
    case 0x32:
      return { bytes: 216 };
    default:
      throw new RangeError("the PROXY header is of no address family that there is");
  }
}

/** As RFC 5952 writes it. */
function textOfIPv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(2 * group).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** Walks the TLVs, which must fit, and holds the header against its checksum where it has one (section 2.2.4). */
function checkSum(header: Buffer, from: number): void {
  for (let at = from; at < header.length;) {
    if (at + 3 > header.length) throw new RangeError("the PROXY header breaks off in a TLV");
    const [type, end] = [header.readUInt8(at), at + 3 + header.readUInt16BE(at + 1)];
    if (end > header.length) throw new RangeError("the PROXY header breaks off in a TLV");
    if (type === checksumType) {
      const isRight = end - at === 7 && header.readUInt32BE(at + 3) === crc32c(header, at + 3);
      if (!isRight) throw new RangeError("the PROXY header does not match its checksum");
    }
    at = end;
  }
}

/** CRC-32C (RFC 3720, appendix B.4) with the four bytes at `blank` taken for 0. Bit by bit: a header is short, and comes once. */
function crc32c(bytes: Buffer, blank: number): number {
  let crc = 0xffffffff;
  for (const [index, byte] of bytes.entries()) {
    crc ^= index >= blank && index < blank + 4 ? 0 : byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
