import fc from "fast-check";
import { expect, test } from "vitest";
import { HeaderList } from "../../../src/wire/header-list.js";
import { HpackDecoder } from "../../../src/wire/hpack/decoder.js";
import { HpackEncoder } from "../../../src/wire/hpack/encoder.js";

const bounds = { headerBytes: 1 << 20, headerFields: 1024 };
const latin1 = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const out = Buffer.alloc(1 << 20);
const write = (encoder: HpackEncoder, list: HeaderList): Buffer =>
  Buffer.from(out.subarray(0, encoder.encode(list, out, 0)));
const read = (decoder: HpackDecoder, block: Buffer): HeaderList | undefined =>
  decoder.decode(block, 0, block.length);
const name = fc.constantFrom(
  ":path",
  ":status",
  "authorization",
  "grpc-timeout",
  "x-a",
  "x-b",
  "content-type",
  "cookie",
);
const fields = fc.array(fc.tuple(name, latin1), { maxLength: 20 }).map((pairs) => pairs.flat());
const base = new HeaderList([":status", "200", "x-a", "shared"]);
const list = fc.oneof(
  fields.map((own) => new HeaderList(own)),
  fields.map((own) => HeaderList.after(base, own)),
);

/** A value without the blanks around it, which say nothing; names are at even places. */
function withoutBlanks(text: string, at: number): string {
  return at % 2 === 0 ? text : text.replace(/^[ \t]+|[ \t]+$/g, "");
}

test("what an encoder writes, the decoder at the other end reads, list after list", () => {
  fc.assert(
    fc.property(fc.array(list, { maxLength: 20 }), (lists) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder(bounds);
      for (const sent of [...lists, ...lists]) {
        expect(read(decoder, write(encoder, sent))?.fields).toEqual(sent.fields.map(withoutBlanks));
      }
    }),
    { numRuns: 200 },
  );
});

test("a peer that lowers its table is followed, and told so", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder(bounds);
  const sent = new HeaderList(["x-a", "first", "x-b", "second"]);
  read(decoder, write(encoder, sent));

  encoder.allow(0);
  const block = write(encoder, sent);

  expect(block[0]).toBe(0x20);
  expect(read(decoder, block)?.fields).toEqual(sent.fields);
});

test("secrets are never indexed, wherever they go", () => {
  const block = write(new HpackEncoder(), new HeaderList(["authorization", "Bearer x"]));

  expect((block[0] ?? 0) & 0xf0).toBe(0x10);
});
