import { create, fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { plain } from "../../src/cli/plain.js";
import {
  ListPluginsResponseSchema,
  PluginInstance_State as State,
  ReloadPluginResponse_Step as Step,
  ReloadPluginResponseSchema,
} from "../../src/protocol/gen/prism/admin/v1/admin_pb.js";

test("a plain message has numbers for int64, words for enums, and every field", () => {
  const message = create(ListPluginsResponseSchema, {
    instances: [{ id: "a-1", state: State.DRAINING, pid: 7n }],
  });

  const { instances } = plain(ListPluginsResponseSchema, message);

  expect(instances).toEqual([
    {
      id: "a-1",
      namespace: "",
      plugin: "",
      version: "",
      channel: "",
      state: "draining",
      reason: "",
      pid: 7,
      restarts: 0,
      health: "",
    },
  ]);
});

test("a message that is not set is left out, and a word of several has spaces", () => {
  const message = create(ReloadPluginResponseSchema, { step: Step.HEALTH_CHECK });

  const step = plain(ReloadPluginResponseSchema, message);

  expect(step.step).toBe("health check");
  expect(step.ledger).toBeUndefined();
});

test("an enum's number of a later version is told as it is", () => {
  const message = fromBinary(ReloadPluginResponseSchema, new Uint8Array([8, 99]));

  expect(plain(ReloadPluginResponseSchema, message).step).toBe("99");
});
