import { expect, test } from "vitest";
import { readProfile } from "../../bench/profile/read-profile.js";

test("a profile is read by what each function takes itself, and what is idle takes nothing", () => {
  const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 1 });
  const nodes = [
    { id: 1, callFrame: frame("(idle)", "") },
    { id: 2, callFrame: frame("find", "file:///here/dist/wire/hpack/block-cache.js") },
    { id: 3, callFrame: frame("", "file:///here/dist/runtime/data-plane/call/call.js") },
    { id: 4, callFrame: frame("writev", "") },
    { id: 5, callFrame: frame("(garbage collector)", "") },
  ];
  const profile = { nodes, samples: [2, 1, 3, 3, 4, 5], timeDeltas: [10, 1000, 20, 20, 30, 5] };

  const { layers, functions } = readProfile(profile);

  expect([...layers]).toEqual([
    ["the call", 40],
    ["V8, libuv and the kernel", 30],
    ["wire: HPACK", 10],
    ["garbage collection", 5],
  ]);
  expect([...functions].slice(0, 2)).toEqual([
    ["(anonymous), runtime/data-plane/call/call.js", 40],
    ["writev", 30],
  ]);
  expect([...readProfile(profile, 0.01, 0.99).layers.keys()]).not.toContain("wire: HPACK");
});
