import { expect, test } from "vitest";
import { unbundled } from "../../bench/profile/unbundled.js";

test("a function of a bundle lies in the module whose comment stands before it", () => {
  const bundle = [
    "// src/wire/hpack/block-cache.ts",
    "function find() {",
    "}",
    "// node_modules/pg/lib/query.js",
    "",
    "function query() {",
  ];
  const frame = (lineNumber: number, url = "file:///here/dist/chunks/chunk-A.js") => ({
    functionName: "f",
    url,
    lineNumber,
  });
  const frames = [frame(1), frame(5), frame(1, "node:buffer"), frame(0, "")];
  const nodes = frames.map((callFrame, id) => ({ id, callFrame }));

  const placed = unbundled({ nodes, samples: [], timeDeltas: [] }, () => bundle.join("\n"));

  expect(placed.nodes.map(({ callFrame }) => callFrame.url)).toEqual([
    "file:///here/dist/wire/hpack/block-cache.js",
    "file:///here/dist/node_modules/pg/lib/query.js",
    "node:buffer",
    "",
  ]);
});
