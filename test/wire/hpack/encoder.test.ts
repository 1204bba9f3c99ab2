import { describe, expect, test } from "vitest";
import { HeaderList } from "../../../src/wire/header-list.js";
import { HpackDecoder } from "../../../src/wire/hpack/decoder.js";
import { HpackEncoder } from "../../../src/wire/hpack/encoder.js";

const bounds = { headerBytes: 65_536, headerFields: 256 };
const out = Buffer.alloc(8192);
const write = (encoder: HpackEncoder, list: HeaderList): Buffer =>
  Buffer.from(encoder.known(list) ?? out.subarray(0, encoder.encode(list, out, 0)));
const read = (decoder: HpackDecoder, block: Buffer): HeaderList | undefined =>
  decoder.decode(block, 0, block.length);

describe("a list that is sent again and again", () => {
  test("becomes a byte a field, from bytes that are kept", () => {
    const encoder = new HpackEncoder();
    const list = new HeaderList([":method", "POST", "x-a", "one", "x-b", "two"]);

    const blocks = [1, 2, 3, 4].map(() => write(encoder, list));

    expect(blocks[3]?.length).toBe(3);
    expect(encoder.known(list)).toEqual(blocks[3]);
  });

  test("is kept though another one differs from it in turns", () => {
    const encoder = new HpackEncoder();
    const lists = ["a", "b", "c"].map((value) => new HeaderList(["x-namespace", value]));

    for (let i = 0; i < 3; i++) lists.forEach((list) => write(encoder, list));

    expect(lists.map((list) => encoder.known(list)?.length)).toEqual([1, 1, 1]);
  });

  test("lends its bytes to every list that begins with it", () => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder(bounds)];
    const base = new HeaderList([":method", "POST", "x-a", "one"]);
    const lists = [1, 2, 3, 4, 5].map((n) => HeaderList.after(base, ["traceparent", `trace-${n}`]));

    const blocks = lists.map((list) => write(encoder, list));

    expect(blocks.map((block) => read(decoder, block)?.fields)).toEqual(lists.map(({ fields }) => fields));
    expect(encoder.known(base)?.length).toBe(2);
    expect(blocks[4]?.subarray(0, 2)).toEqual(encoder.known(base));
  });

  test("lends them again when the peer has lowered its table", () => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder(bounds)];
    const base = new HeaderList(["x-a", "one"]);
    const list = HeaderList.after(base, ["x-secret", "hidden"], ["x-secret"]);
    for (let i = 0; i < 3; i++) read(decoder, write(encoder, list));

    encoder.allow(0);
    const again = [1, 2].map(() => read(decoder, write(encoder, list)));

    expect(again.map((told) => told?.fields)).toEqual([list.fields, list.fields]);
    expect(again[1]?.neverIndexed).toEqual(["x-secret"]);
  });

  test("stays valid while a field beside it is different in every list", () => {
    const encoder = new HpackEncoder();
    const steady = new HeaderList(["x-a", "steady"]);
    for (const name of ["one", "two"])
      write(encoder, new HeaderList(["grpc-timeout", "1S", "x-request", name]));
    for (let i = 0; i < 3; i++) write(encoder, steady);
    const { version } = encoder.table;

    for (let i = 0; i < 500; i++) {
      write(encoder, new HeaderList(["grpc-timeout", `${i}m`, "x-request", `r${i}`]));
    }

    expect(encoder.table.version).toBe(version);
    expect(encoder.known(steady)?.length).toBe(1);
  });

  test("leaves the values of fields that always differ plain, and gives their names by an index", () => {
    const encoder = new HpackEncoder();
    write(encoder, new HeaderList(["grpc-timeout", "1S"]));

    const block = write(encoder, new HeaderList(["grpc-timeout", "250m"]));

    expect(block.subarray(-5).toString("latin1")).toBe("\x04250m");
    expect(block.length).toBe(7);
  });

  test("takes one of a name's values, though none comes again, so that there is an index for the name", () => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder(bounds)];
    const lists = [1, 2, 3, 4].map((n) => new HeaderList(["x-namespace", `unlike-${n}`]));

    const blocks = lists.map((list) => write(encoder, list));

    expect(blocks.map((block) => read(decoder, block)?.fields)).toEqual(lists.map(({ fields }) => fields));
    expect(encoder.table.entries).toBe(1);
    expect(blocks[3]?.subarray(-9).toString("latin1")).toBe("\x08unlike-4");
    expect(blocks[3]?.length).toBe(11);
  });

  test("is written again after the peer has lowered its table", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(bounds);
    const list = new HeaderList(["x-a", "one"]);
    for (let i = 0; i < 4; i++) read(decoder, write(encoder, list));

    encoder.allow(0);
    encoder.allow(4096);
    const block = write(encoder, list);

    // The smallest size since the last block, then the last one (RFC 7541, 4.2).
    expect(block.subarray(0, 4).toString("hex")).toBe("203fe11f");
    expect(read(decoder, block)?.fields).toEqual(list.fields);
    expect(read(decoder, write(encoder, list))?.fields).toEqual(list.fields);
  });
});

test("the table is filled once and never churns", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder(bounds);

  for (let i = 0; i < 300; i++) {
    const list = new HeaderList(["x-namespace", `namespace-${i}`]);
    for (let again = 0; again < 3; again++) {
      expect(read(decoder, write(encoder, list))?.fields).toEqual(list.fields);
    }
  }

  expect(encoder.table.added).toBe(encoder.table.entries);
  expect(encoder.table.size).toBeLessThanOrEqual(4096);
});

test("what a sender wanted never indexed stays so when it is forwarded", () => {
  const decoder = new HpackDecoder(bounds);
  const received = read(decoder, write(new HpackEncoder(), new HeaderList(["x-key", "secret"], ["x-key"])));
  const encoder = new HpackEncoder();

  const forwarded = new HeaderList(received?.fields ?? [], received?.neverIndexed);
  const blocks = [1, 2, 3].map(() => write(encoder, forwarded));

  expect(received?.neverIndexed).toEqual(["x-key"]);
  expect(blocks.map((block) => (block[0] ?? 0) & 0xf0)).toEqual([0x10, 0x10, 0x10]);
  expect(encoder.table.entries).toBe(0);
});
