import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ServiceError } from "@grpc/grpc-js";
import { until } from "../../support/running-prism.js";
import { type Attack, Siege } from "./siege.js";

const program = new URL("../../fixtures/plugins/writes-past-http2.js", import.meta.url).pathname;
const command = JSON.stringify([process.execPath, program]);
/** Who does it: Prism may end it and start it anew. */
const attacked = "plugin of hostile";
const [deadlineExceeded, internal, unavailable] = [4, 13, 14];

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.begin({
    yaml: `namespaces:
  - { name: default, backend: memory, plugin: { type: in_process } }
  - { name: hostile, backend: custom, plugin: { command: ${command} } }
`,
  });
});
afterAll(() => siege.end());
afterEach(async () => {
  await until("its namespace to be served again", async () => (await codeOf("peace")) === 0);
});

/** The status of a call whose plugin does what is named. */
async function codeOf(deed: string, deadlineMs = 5000): Promise<number> {
  return await siege.neighbour.get(`<${deed}>`, { namespace: "hostile", deadlineMs }).then(
    () => 0,
    (reason: unknown) => (reason as ServiceError).code,
  );
}

/** Does it three times, one after the other, and each call fails so. */
function doing(deed: string, code: number): Attack["run"] {
  return async () => {
    for (let i = 0; i < 3; i++) expect(await codeOf(deed)).toBe(code);
  };
}

const deeds: [what: string, deed: string, code: number, reason?: string][] = [
  ["writes garbage", "garbage", unavailable, "frame_size_error"],
  ["floods with PING", "ping-flood", unavailable, "idle_frames_per_second"],
  ["floods with SETTINGS", "settings-flood", unavailable, "idle_frames_per_second"],
  ["floods with WINDOW_UPDATE", "window-flood", unavailable, "idle_frames_per_second"],
  ["says GOAWAY again and again", "goaway-loop", unavailable, "idle_frames_per_second"],
  ["floods with empty DATA", "empty-data", unavailable, "idle_frames_per_second"],
  ["sends headers without end", "continuations", unavailable, "header_bytes"],
  ["sends headers that are huge once decoded", "huge-headers", internal, "header_bytes"],
  ["sends trailers that do not end", "endless-trailers", internal, "protocol_error"],
  ["resets its streams a thousand times", "resets", internal],
  ["resets what was never opened", "resets-of-nothing", unavailable, "protocol_error"],
  ["answers what was never asked", "answers-to-nothing", unavailable, "protocol_error"],
  ["opens streams itself", "even-stream", unavailable, "protocol_error"],
  ["pushes", "push", unavailable, "protocol_error"],
  ["sends DATA before headers", "data-first", internal, "protocol_error"],
  ["sends more than its window", "too-much-data", internal],
  ["announces 4 GiB", "longest-message", internal],
  ["ends within a message", "truncated-message", internal],
  ["compresses unasked", "compressed-message", internal],
  ["ends without a status", "no-trailers", internal],
  ["hangs up within a frame", "half-a-frame", unavailable],
]; // prettier-ignore

describe("a plugin harms its own namespace's calls only, when it", () => {
  for (const [what, deed, code, reason] of deeds) {
    test(what, () =>
      siege.withstand({ what, peer: "plugin", attacked, run: doing(deed, code), ...(reason && { reason }) }),
    );
  }

  test("says nothing: the call ends at its deadline", () =>
    siege.withstand({
      what: "silence",
      attacked,
      run: async () => expect(await codeOf("silence", 300)).toBe(deadlineExceeded),
    }));

  test("takes nothing of what is sent: the call ends at its deadline", () =>
    siege.withstand({
      what: "8 MiB for a plugin that opens no window",
      attacked,
      run: async () => {
        const large = "v".repeat(8 * 1024 * 1024);
        const set = siege.neighbour.set("<silence>", large, { namespace: "hostile", deadlineMs: 1000 });

        await expect(set).rejects.toMatchObject({ code: deadlineExceeded });
      },
    }));
});

test("a plugin that answers in frames of one byte is answered to the client as any other", () =>
  siege.withstand({
    what: "DATA of one byte",
    attacked,
    run: async () => expect(await codeOf("bytes")).toBe(0),
  }));
