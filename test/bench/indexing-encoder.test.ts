import { expect, test } from "vitest";
import { field, IndexingEncoder } from "../../bench/load/indexing-encoder.js";
import { HpackDecoder } from "../../src/wire/hpack/decoder.js";

test("the load's headers say what was meant, however long the table has been moving", () => {
  const same = [field(":method", "POST"), field(":path", "/a.B/C"), field("prism-namespace", "bench")];
  const traces = Array.from({ length: 200 }, (_, i) => field("traceparent", `00-${i}-${i * i}-01`));
  const [encoder, decoder] = [
    new IndexingEncoder(),
    new HpackDecoder({ headerBytes: 4096, headerFields: 20 }),
  ];
  const out = Buffer.alloc(1024);

  const read = traces.map((trace) => {
    const end = encoder.encode([...same, trace], out, 0);
    return decoder.decode(out, 0, end)?.fields;
  });

  const always = [":method", "POST", ":path", "/a.B/C", "prism-namespace", "bench", "traceparent"];
  expect(read).toEqual(traces.map((_, i) => [...always, `00-${i}-${i * i}-01`]));
});
