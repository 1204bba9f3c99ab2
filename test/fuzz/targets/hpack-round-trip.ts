import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { HeaderList } from "../../../src/wire/header-list.js";
import { HpackDecoder } from "../../../src/wire/hpack/decoder.js";
import { HpackEncoder } from "../../../src/wire/hpack/encoder.js";
import { hex, unhex } from "../bytes.js";
import { fuzzTarget } from "../fuzz-target.js";

const names = [":path", ":status", "authorization", "grpc-timeout", "x-a", "x-b", "content-type", "date"];
const value = fc.oneof(
  fc.constantFrom("", "a", "200", "application/grpc", "v".repeat(200), "v".repeat(5000)),
  hex(60).map((bytes) => unhex(bytes).toString("latin1")),
);
const list = fc.record({
  fields: fc.array(
    fc.tuple(fc.oneof(fc.constantFrom(...names), fc.stringMatching(/^[a-z-]{1,20}$/)), value),
    {
      maxLength: 12,
    },
  ),
  neverIndexed: fc.subarray(["x-a", "content-type"]),
});

/** What happens between an encoder and the peer's decoder: a new list, one that was sent before, or a table of another size. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("new" as const), list }),
  fc.record({ kind: fc.constant("again" as const), which: fc.nat(20) }),
  fc.record({ kind: fc.constant("allow" as const), bytes: fc.constantFrom(0, 40, 200, 1000, 4096, 65_536) }),
);

/** What the encoder writes, the decoder reads, whatever was sent before; within the room that was promised, and secrets stay secret. */
export const hpackRoundTrip = fuzzTarget({
  name: "hpack-round-trip",
  testRuns: 700,
  input: fc.array(step, { maxLength: 40 }),
  open: () => ({
    check: (steps) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder({ headerBytes: 1 << 20, headerFields: 1000 });
      const sent: HeaderList[] = [];
      for (const one of steps) {
        if (one.kind === "allow") encoder.allow(one.bytes);
        else {
          const again = one.kind === "again" ? sent[one.which % Math.max(1, sent.length)] : undefined;
          const made =
            one.kind === "new" ? new HeaderList(one.list.fields.flat(), one.list.neverIndexed) : again;
          if (made === undefined) continue;
          sent.push(made);
          pass(made, encoder, decoder);
        }
      }
    },
  }),
});

function pass(list: HeaderList, encoder: HpackEncoder, decoder: HpackDecoder): void {
  const block = blockOf(list, encoder);
  const read = decoder.decode(block, 0, block.length);
  ok(read);
  deepStrictEqual(read.fields, list.fields.map(withoutBlanks));
  for (const name of [...list.neverIndexed, "authorization"])
    if (list.get(name) !== undefined) ok(read.neverIndexed.includes(name), `${name} may be indexed`);
  strictEqual(decoder.table.size, encoder.table.size);
  strictEqual(decoder.table.entries, encoder.table.entries);
}

/** A value as it is read: the blanks around it say nothing. Names are at even places. */
function withoutBlanks(text: string, at: number): string {
  return at % 2 === 0 ? text : text.replace(/^[ \t]+|[ \t]+$/g, "");
}

function blockOf(list: HeaderList, encoder: HpackEncoder): Buffer {
  const known = encoder.known(list);
  if (known !== undefined) return known;
  const room = encoder.mostBytes(list);
  const out = Buffer.alloc(room + 8, 0xee);
  const end = encoder.encode(list, out, 0);
  ok(end <= room && out.subarray(room).equals(Buffer.alloc(8, 0xee)), "written beyond the room it asked for");
  return out.subarray(0, end);
}
