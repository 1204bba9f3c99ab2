import { describe, expect, test } from "vitest";
import { readProxyHeader } from "../../../../src/runtime/data-plane/entrance/proxy-header.js";

const ipv6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
const signature = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const addresses4 = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0x01, 0xbb];
const next = Buffer.from("GET / HTTP/1.1\r\n");

function line(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** A header of version 2. */
function binary(command: number, family: number, rest: readonly number[]): Buffer {
  return Buffer.from([...signature, command, family, rest.length >> 8, rest.length & 255, ...rest]);
}

describe("a header of version 1, as the specification shows it", () => {
  test.each([
    ["TCP4 255.255.255.255 255.255.255.255 65535 65535", { address: "255.255.255.255", port: 65_535 }],
    [`TCP6 ${ipv6} ${ipv6} 65535 65535`, { address: ipv6, port: 65_535 }],
    ["TCP4 192.168.0.1 192.168.0.11 56324 443", { address: "192.168.0.1", port: 56_324 }],
    ["UNKNOWN", undefined],
    [`UNKNOWN ${ipv6} ${ipv6} 65535 65535`, undefined],
  ])("PROXY %s", (text, client) => {
    const header = line(`PROXY ${text}\r\n`);

    expect(readProxyHeader(Buffer.concat([header, next]))).toEqual({
      length: header.length,
      ...(client && { client }),
    });
  });

  test.each([
    ["two blanks", "TCP4  192.168.0.1 192.168.0.11 56324 443"],
    ["an address of the other family", "TCP4 ::1 ::1 56324 443"],
    ["a zone, which is another machine's", "TCP6 fe80::1%eth0 fe80::2 56324 443"],
    ["a port beyond 65,535", "TCP4 192.168.0.1 192.168.0.11 65536 443"],
    ["a port that begins with 0", "TCP4 192.168.0.1 192.168.0.11 056 443"],
    ["too little", "TCP4 192.168.0.1 192.168.0.11 56324"],
    ["too much", "TCP4 192.168.0.1 192.168.0.11 56324 443 1"],
    ["a family that is none", "UDP4 192.168.0.1 192.168.0.11 56324 443"],
    ["a family that JavaScript knows", "constructor 192.168.0.1 192.168.0.11 56324 443"],
    ["nothing", ""],
  ])("is none with %s", (_what, text) => {
    expect(() => readProxyHeader(line(`PROXY ${text}\r\n`))).toThrow("none of version 1");
  });

  test("may be 107 bytes long, and is waited for so long", () => {
    expect(readProxyHeader(line(`PROXY UNKNOWN${" ".repeat(93)}`))).toBeUndefined();
    expect(() => readProxyHeader(line(`PROXY UNKNOWN${" ".repeat(94)}\r\n`))).toThrow("within 107 bytes");
  });
});

describe("a header of version 2", () => {
  test.each([
    ["TCP over IPv4", binary(0x21, 0x11, addresses4), { address: "192.0.2.1", port: 56_324 }],
    [
      "TCP over IPv6",
      binary(0x21, 0x21, [
        ...[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        ...new Array<number>(16).fill(0),
        ...[0xdc, 0x04, 0x01, 0xbb],
      ]),
      { address: "2001:db8::1", port: 56_324 },
    ],
    ["a Unix socket's, which is no address", binary(0x21, 0x31, new Array<number>(216).fill(0)), undefined],
    ["an unspecified family's, whatever it holds", binary(0x21, 0x00, [1, 2, 3]), undefined],
    ["LOCAL, whatever family it names", binary(0x20, 0xff, [1, 2, 3]), undefined],
    [
      "one with TLVs",
      binary(0x21, 0x11, [...addresses4, 0x04, 0, 1, 0, 0xe0, 0, 3, 1, 2, 3]),
      { address: "192.0.2.1", port: 56_324 },
    ],
  ])("tells the client of %s", (_what, header, client) => {
    expect(readProxyHeader(Buffer.concat([header, next]))).toEqual({
      length: header.length,
      ...(client && { client }),
    });
  });

  test.each([
    ["a version that is none", binary(0x11, 0x11, addresses4), "version and command"],
    ["a command that is none", binary(0x22, 0x11, addresses4), "version and command"],
    ["a family that is none", binary(0x21, 0x41, addresses4), "address family"],
    ["a length below its addresses'", binary(0x21, 0x11, addresses4.slice(1)), "shorter than its addresses"],
    ["a length beyond 4,096", binary(0x21, 0x11, new Array<number>(4081).fill(0)), "longer than 4096"],
    ["a TLV without its length", binary(0x21, 0x11, [...addresses4, 0x04, 0]), "breaks off"],
    ["a TLV beyond the end", binary(0x21, 0x11, [...addresses4, 0x04, 0, 2, 0]), "breaks off"],
  ])("is none with %s", (_what, header, why) => {
    expect(() => readProxyHeader(header)).toThrow(why);
  });

  test("is refused by its length before that much has come", () => {
    const header = Buffer.from([...signature, 0x21, 0x11, 0xff, 0xff]);

    expect(() => readProxyHeader(header)).toThrow("longer than 4096");
  });

  test("is held against its checksum where it has one", () => {
    // CRC-32C of this header with four zeros for the checksum, by another implementation.
    const right = binary(0x21, 0x11, [...addresses4, 0x03, 0, 4, 0xd4, 0x5a, 0x11, 0xb9]);
    const wrong = Buffer.from(right);
    wrong.writeUInt8(3, 19);

    expect(readProxyHeader(right)).toMatchObject({ client: { address: "192.0.2.1" } });
    expect(() => readProxyHeader(wrong)).toThrow("checksum");
  });
});

test.each([line("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"), binary(0x21, 0x11, addresses4)])(
  "a header that comes byte by byte is waited for until it is whole",
  (header) => {
    for (let length = 0; length < header.length; length++)
      expect(readProxyHeader(header.subarray(0, length))).toBeUndefined();

    expect(readProxyHeader(header)?.length).toBe(header.length);
  },
);

test.each(["GET / HTTP/1.1", "PRI * HTTP/2.0", "\x16\x03\x01", "PROXI", "\r\n\r\nG"])(
  "what begins otherwise is refused by its first bytes: %j",
  (text) => {
    expect(() => readProxyHeader(line(text))).toThrow("no PROXY header");
  },
);
