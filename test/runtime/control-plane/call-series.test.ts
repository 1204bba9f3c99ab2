import { expect, test } from "vitest";
import { exposeCalls } from "../../../src/runtime/control-plane/call-series.js";
import { latencyBucketsMs } from "../../../src/runtime/model/proxy-messages.js";

test("durations that the proxies counted are a histogram in seconds, with labels that cannot break the page", async () => {
  const buckets = latencyBucketsMs.map((ms) => (ms < 1 ? 0 : 3));

  const written = await exposeCalls([
    { namespace: "orders", operation: 'a"b\\c\nd', code: "OK", count: 4, sumMs: 5500, buckets },
  ]);
  const page = written.toString();

  const labels = 'namespace="orders",operation="a\\"b\\\\c\\nd",code="OK"';
  expect(page).toContain("# TYPE prism_call_duration_seconds histogram\n");
  expect(page).toContain(`prism_call_duration_seconds_bucket{${labels},le="0.0005"} 0\n`);
  expect(page).toContain(`prism_call_duration_seconds_bucket{${labels},le="0.001"} 3\n`);
  expect(page).toContain(`prism_call_duration_seconds_bucket{${labels},le="+Inf"} 4\n`);
  expect(page).toContain(`prism_call_duration_seconds_sum{${labels}} 5.5\n`);
});
