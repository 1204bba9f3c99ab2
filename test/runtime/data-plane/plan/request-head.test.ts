import { expect, test } from "vitest";
import { RequestHead } from "../../../../src/runtime/data-plane/plan/request-head.js";
import { HeaderList } from "../../../../src/wire/index.js";

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const traceOf = (value: string): string =>
  new RequestHead(new HeaderList(["traceparent", value]), "").traceparent;

test("a traceparent of the form that W3C Trace Context gives it is taken", () => {
  expect(traceOf(trace)).toBe(trace);
});

test.each([
  "",
  trace.slice(1),
  `${trace}0`,
  trace.toUpperCase(),
  trace.replace("-", "_"),
  trace.replace("0af", "0-f"),
  trace.replace("0af", "0gf"),
  trace.replace("0af", "0/f"),
  trace.replace("0af", "0`f"),
  trace.replace("0af", "0:f"),
])("%j is no traceparent and is told to no plugin", (value) => {
  expect(traceOf(value)).toBe("");
});
