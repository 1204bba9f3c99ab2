import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { ConnectionError } from "../../../src/wire/connection-error.js";
import { ErrorCode } from "../../../src/wire/error-code.js";
import { Flag, FrameType } from "../../../src/wire/frame.js";
import { examine } from "../../../src/wire/header-rules.js";
import { HeaderList } from "../../../src/wire/header-list.js";
import { HpackDecoder } from "../../../src/wire/hpack/decoder.js";
import { fuzzTarget } from "../fuzz-target.js";
import { blockOf, type Instruction, instruction } from "../hpack-blocks.js";
import { NodeServer } from "../second/node-server.js";
import { verdictOf } from "../second/verdict.js";

const text = (value: string) => ({ text: value, huffman: false, lie: 0 });

/** POST, http, "/" and an authority: what makes any fields a request. */
const request: readonly Instruction[] = [
  ...[3, 6, 4].map((index) => ({ kind: "indexed" as const, index })),
  { kind: "literal", form: 0, index: 1, name: text(""), value: text("a") },
];

/** Header blocks, one request each: our decoder and nghttp2's, within `node:http2`, read the same fields or refuse the same block. */
export const hpackSecondOpinion = fuzzTarget({
  name: "hpack-second-opinion",
  testRuns: 60,
  input: fc.array(
    fc.record({
      /** What the table is resized to before; -1 = nothing. */
      size: fc.oneof(fc.constant(-1), fc.constantFrom(0, 70, 150, 4096)),
      fields: fc.array(instruction({ broken: true }), { maxLength: 10 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  open: async () => {
    const node = await NodeServer.start();
    return { close: () => node.close(), check: (blocks) => compare(node, blocks.map(requestBlock)) };
  },
});

async function compare(node: NodeServer, blocks: readonly Buffer[]): Promise<void> {
  const ours = read(blocks);
  const flags = Flag.END_STREAM | Flag.END_HEADERS;
  const frames = blocks.map((payload, i) => ({ type: FrameType.HEADERS, flags, stream: 2 * i + 1, payload }));
  const { goaway, localPort } = await verdictOf(node.port, frames);
  const theirs = node.requestsFrom(localPort);
  const isBroken = goaway === ErrorCode.COMPRESSION_ERROR;
  if (goaway !== undefined) ok(isBroken, `node:http2 ended the connection with ${goaway}`);
  strictEqual(ours.isBroken, isBroken, "one refuses what the other reads");
  // nghttp2 passes over a field whose name or value is not one, where we refuse the request; and it has its own mind of host.
  if (!ours.lists.every(isPlain)) return;
  const sound = ours.lists.filter((list) => examine(list, "request").fault === undefined);
  const fields = sound.slice(0, theirs.length).map((list) => list.fields);
  // It hands values on as they came.
  deepStrictEqual(
    fields,
    theirs.map((list) => list.map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ""))),
  );
  if (!isBroken) strictEqual(sound.length, theirs.length);
}

function read(blocks: readonly Buffer[]): { lists: HeaderList[]; isBroken: boolean } {
  const decoder = new HpackDecoder({ headerBytes: 65_536, headerFields: 256 });
  const lists: HeaderList[] = [];
  try {
    for (const block of blocks) lists.push(decoder.decode(block, 0, block.length) ?? new HeaderList([]));
    return { lists, isBroken: false };
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return { lists, isBroken: true };
  }
}

/** Whether names and values hold nothing but visible ASCII and blanks, and host is not among them. */
function isPlain({ fields }: HeaderList): boolean {
  return fields.every((one) => /^[\t -~]*$/.test(one) && one !== "host");
}

/** The size of the table comes first, then what makes it a request. */
function requestBlock({ size, fields }: { size: number; fields: readonly Instruction[] }): Buffer {
  return blockOf([...(size < 0 ? [] : [{ kind: "resize" as const, bytes: size }]), ...request, ...fields]);
}
