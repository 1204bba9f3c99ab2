import type { CallFrame } from "./call-frame.js";

/** By what lies in a function's address, the first that fits: which part of Prism it belongs to. */
const places: readonly (readonly [part: RegExp, layer: string])[] = [
  [/dist\/wire\/hpack\//, "wire: HPACK"],
  [/dist\/wire\/(frame-reader|inbound|preface|header-block|header-rules|header-list)/, "wire: reading"],
  [/dist\/wire\/(outbound|outbox|send-queue|turn-round|backlog)/, "wire: writing"],
  [/dist\/wire\//, "wire: streams, windows, watch"],
  [
    /dist\/runtime\/data-plane\/call\/(typed-call|unary-call|execute-call|partial-reply)/,
    "wrapping a message",
  ],
  [/dist\/protocol\//, "wrapping a message"],
  [
    /dist\/runtime\/data-plane\/(call\/|route\/(instance|upstream)\.|common\/(call-metrics|deadline-wheel)\.)/,
    "the call",
  ],
  [/dist\/runtime\/data-plane\//, "planning by the header block"],
  [/node:buffer|node:internal\/buffer/, "node: buffers"],
  [/^node:/, "node: streams and sockets"],
];
/** V8's own names for what is no JavaScript. */
const unplaced: Readonly<Record<string, string>> = {
  "(garbage collector)": "garbage collection",
  "(program)": "V8, libuv and the kernel",
};

/** The part of Prism that a function belongs to; undefined where the process was idle. */
export function layerOf({ functionName, url }: CallFrame): string | undefined {
  if (functionName === "(idle)") return undefined;
  if (functionName.startsWith("RegExp:")) return "regular expressions";
  const place = places.find(([part]) => part.test(url));
  return place?.[1] ?? unplaced[functionName] ?? "V8, libuv and the kernel";
}
