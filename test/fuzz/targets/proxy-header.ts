import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { readProxyHeader } from "../../../src/runtime/data-plane/entrance/proxy-header.js";
import { hex, unhex } from "../bytes.js";
import { fuzzTarget } from "../fuzz-target.js";

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom("", "::ffff:1.2.3.4", "fe80::1%eth0", "1.2.3", "01.2.3.4"),
);
const port = fc.oneof(fc.nat(65_535).map(String), fc.constantFrom("00", "65536", "-1", "1e3", ""));
const line = fc
  .tuple(
    fc.constantFrom("TCP4", "TCP6", "UNKNOWN", "UDP4", ""),
    address,
    address,
    port,
    port,
    fc.constantFrom("\r\n", "\n", " x\r\n", ""),
  )
  .map(([family, source, target, from, to, end]) =>
    Buffer.from(`PROXY ${family} ${source} ${target} ${from} ${to}${end}`),
  );
const binary = fc
  .record({
    command: fc.oneof(fc.constantFrom(0x20, 0x21), fc.nat(255)),
    family: fc.oneof(fc.constantFrom(0, 0x11, 0x21, 0x31), fc.nat(255)),
    rest: fc.oneof(hex(60), fc.constantFrom("00".repeat(12), "01".repeat(36), `${"02".repeat(12)}04000100`)),
    lie: fc.oneof(
      { weight: 8, arbitrary: fc.constant(0) },
      fc.integer({ min: -9, max: 9 }),
      fc.constant(60_000),
    ),
  })
  .map(({ command, family, rest, lie }) => {
    const content = unhex(rest);
    const head = Buffer.from([...Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1"), command, family, 0, 0]);
    head.writeUInt16BE(Math.max(0, content.length + lie), 14);
    return Buffer.concat([head, content]);
  });
const text = fc.oneof(line, binary, hex(120).map(unhex)).map((bytes) => bytes.toString("hex"));

/** PROXY headers of both versions: read, refused by a RangeError or waited for, and a beginning never means more than the whole. */
export const proxyHeader = fuzzTarget({
  name: "proxy-header",
  testRuns: 1500,
  input: fc.record({ header: text, behind: hex(20), cut: fc.nat(140) }),
  open: () => ({
    check: ({ header, behind, cut }) => {
      const bytes = Buffer.concat([unhex(header), unhex(behind)]);
      const whole = read(bytes);
      const beginning = read(bytes.subarray(0, cut));
      // Refused early or late, but never taken first; what was taken is taken, whatever follows.
      if (beginning === "refused") strictEqual(whole, "refused");
      if (typeof beginning === "object") deepStrictEqual(whole, beginning);
      if (whole === "more") ok(bytes.length < 4096, "it waits for ever");
      if (typeof whole !== "object") return;
      ok(whole.length > 0 && whole.length <= bytes.length);
      if (whole.client === undefined) return;
      ok(isIP(whole.client.address) > 0 && whole.client.port >= 0 && whole.client.port <= 65_535);
      deepStrictEqual(read(bytes.subarray(0, whole.length)), whole);
    },
  }),
});

function read(bytes: Buffer): ReturnType<typeof readProxyHeader> | "refused" | "more" {
  try {
    return readProxyHeader(bytes) ?? "more";
  } catch (error) {
    if (error instanceof RangeError && !("code" in error)) return "refused";
    throw error;
  }
}
