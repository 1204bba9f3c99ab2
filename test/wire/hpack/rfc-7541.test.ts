import { describe, expect, test } from "vitest";
import { HeaderList } from "../../../src/wire/header-list.js";
import { HpackDecoder } from "../../../src/wire/hpack/decoder.js";
import { huffmanDecode, huffmanEncode, huffmanLength } from "../../../src/wire/hpack/huffman.js";
import { IntegerReader, writeInteger } from "../../../src/wire/hpack/integer.js";

const bounds = { headerBytes: 65_536, headerFields: 256 };
const readInteger = (hex: string, prefix: number): number =>
  new IntegerReader().read(bytes(hex), hex.length / 2, prefix);
const decodeWith = (decoder: HpackDecoder, block: Buffer): HeaderList | undefined =>
  decoder.decode(block, 0, block.length);
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

describe("integers (RFC 7541, C.1)", () => {
  const examples = [
    { value: 10, prefix: 5, hex: "0a" },
    { value: 1337, prefix: 5, hex: "1f9a0a" },
    { value: 42, prefix: 8, hex: "2a" },
  ];
  test.each(examples)("$value behind a prefix of $prefix bits is $hex", ({ value, prefix, hex }) => {
    const out = Buffer.alloc(8);

    const end = writeInteger(out, 0, value, { bits: prefix, first: 0 });

    expect(out.subarray(0, end).toString("hex")).toBe(hex);
    expect(readInteger(hex, prefix)).toBe(value);
  });

  test("one that is too long, or cut short, is refused", () => {
    expect(() => readInteger("1fffffffffff00", 5)).toThrow("too long");
    expect(() => readInteger("1fff", 5)).toThrow("cut short");
  });
});

describe("requests and responses (RFC 7541, C.3 to C.6)", () => {
  const requests = [
    [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com"],
    [
      ":method",
      "GET",
      ":scheme",
      "http",
      ":path",
      "/",
      ":authority",
      "www.example.com",
      "cache-control",
      "no-cache",
    ],
    [
      ":method",
      "GET",
      ":scheme",
      "https",
      ":path",
      "/index.html",
      ":authority",
      "www.example.com",
      "custom-key",
      "custom-value",
    ],
  ];
  const series = [
    {
      what: "C.3, without Huffman code",
      blocks: [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
    },
    {
      what: "C.4, with Huffman code",
      blocks: [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
    },
  ];
  test.each(series)("$what", ({ blocks }) => {
    const decoder = new HpackDecoder(bounds);

    const decoded = blocks.map((block) => decodeWith(decoder, bytes(block))?.fields);

    expect(decoded).toEqual(requests);
  });

  test("C.2.1 to C.2.4: each kind of field", () => {
    const decode = (hex: string) => decodeWith(new HpackDecoder(bounds), bytes(hex))?.fields;

    expect(decode("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572")).toEqual([
      "custom-key",
      "custom-header",
    ]);
    expect(decode("040c 2f73 616d 706c 652f 7061 7468")).toEqual([":path", "/sample/path"]);
    expect(decode("1008 7061 7373 776f 7264 0673 6563 7265 74")).toEqual(["password", "secret"]);
    expect(decode("82")).toEqual([":method", "GET"]);
  });
});

describe("responses through a table of 256 bytes, which evicts (RFC 7541, C.5 and C.6)", () => {
  const [date21, date22] = ["Mon, 21 Oct 2013 20:13:21 GMT", "Mon, 21 Oct 2013 20:13:22 GMT"];
  const cookie = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
  const url = "https://www.example.com";
  const responses = [
    [":status", "302", "cache-control", "private", "date", date21, "location", url],
    [":status", "307", "cache-control", "private", "date", date21, "location", url],
    [
      ...[":status", "200", "cache-control", "private", "date", date22, "location", url],
      ...["content-encoding", "gzip", "set-cookie", cookie],
    ],
  ];
  /** What the table holds after each, newest first, and what it counts for. */
  const tables = [
    { size: 222, entries: ["location", "date", "cache-control", ":status"] },
    { size: 222, entries: [":status", "location", "date", "cache-control"] },
    { size: 215, entries: ["set-cookie", "content-encoding", "date"] },
  ];
  const series = [
    {
      what: "C.5, without Huffman code",
      blocks: [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
      ],
    },
    {
      what: "C.6, with Huffman code",
      blocks: [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      ],
    },
  ];
  test.each(series)("$what", ({ blocks }) => {
    const decoder = new HpackDecoder(bounds);
    const setTo256 = "3fe101";

    blocks.forEach((block, i) => {
      const decoded = decodeWith(decoder, bytes(i === 0 ? setTo256 + block : block));

      expect(decoded?.fields).toEqual(responses[i]);
      const { table } = decoder;
      const names = Array.from({ length: table.entries }, (_, age) => table.nameAt(age));
      expect({ size: table.size, entries: names }).toEqual(tables[i]);
    });
  });
});

describe("Huffman code (RFC 7541, 5.2)", () => {
  test("every byte comes back, alone and with others", () => {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));

    for (const text of [...Array.from(all), all, "", "www.example.com"]) {
      const coded = Buffer.alloc(huffmanLength(text));
      huffmanEncode(text, coded, 0);
      expect(huffmanDecode(coded, 0, coded.length)).toBe(text);
    }
  });

  test("padding of more than 7 bits, padding that is not all ones, and EOS within are refused", () => {
    for (const hex of ["f1e3c2e5f23a6ba0ab90f4ffff", "00", "3fffffffff"]) {
      const coded = bytes(hex);
      expect(huffmanDecode(coded, 0, coded.length)).toBeUndefined();
    }
  });
});

describe("what a peer must not send", () => {
  const broken = [
    { what: "index 0", hex: "80" },
    { what: "an index beyond the table", hex: "c5" },
    { what: "a string longer than its block", hex: "4085 61" },
    { what: "a table size update behind a field", hex: "82 20" },
    { what: "a table size above what we announced", hex: "3fe2 1f" },
  ];
  test.each(broken)("$what is a COMPRESSION_ERROR", ({ hex }) => {
    expect(() => decodeWith(new HpackDecoder(bounds), bytes(hex))).toThrow(
      expect.objectContaining({ code: 9 }) as Error,
    );
  });

  test("a list above the bounds is decoded for the table's sake, and not kept", () => {
    const decoder = new HpackDecoder({ headerBytes: 100, headerFields: 256 });
    const block = bytes("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572");

    const tooLarge = decodeWith(decoder, Buffer.concat([block, block]));

    expect(tooLarge).toBeUndefined();
    expect(decodeWith(decoder, bytes("be"))?.fields).toEqual(["custom-key", "custom-header"]);
  });

  test("a block seen twice before gives the same list, until the table changes", () => {
    const decoder = new HpackDecoder(bounds);

    decodeWith(decoder, bytes("82"));
    const first = decodeWith(decoder, bytes("82"));
    const again = decodeWith(decoder, bytes("82"));
    decodeWith(decoder, bytes("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"));
    const later = decodeWith(decoder, bytes("82"));

    expect(again).toBe(first);
    expect(later).not.toBe(first);
    expect(later).toEqual(new HeaderList([":method", "GET"]));
  });
});
