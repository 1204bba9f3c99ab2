import type { JsonObject } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { describeKeys, describeScan } from "./key-value/describe-keys.js";
import { describeTimeToLive } from "./key-value/describe-time-to-live.js";
import { describeConditions, describeNumbers } from "./key-value/describe-updates.js";
import { describeValues } from "./key-value/describe-values.js";
import { KeyValueClient } from "./support/key-value-client.js";
import { type LaunchedPlugin, launchPlugin } from "./support/launched-plugin.js";

/** A plugin that serves the KeyValue pattern. */
export interface KeyValuePlugin {
  /** The plugin's module, from the repository's root. */
  readonly module: string;
  /** A namespace's config. Every namespace gets the same, so that they share what can be shared. */
  readonly config: () => JsonObject;
  readonly credentials?: () => Record<string, string>;
  /** Lets time pass for what a namespace stored, where the backend and not the plugin tells the time. */
  readonly pass?: (namespace: string, ms: number) => Promise<void>;
}

/** Holds a plugin to every promise of keyvalue.proto, served as a real process. Its time is moved, not waited for. */
export function describeKeyValue(name: string, plugin: KeyValuePlugin): void {
  describe(`${name} keeps the KeyValue pattern`, () => {
    let launched: LaunchedPlugin;
    let count = 0;

    beforeAll(async () => {
      const env = { TEST_PLUGIN: plugin.module };
      launched = await launchPlugin({
        module: "test/contract/support/movable-clock.ts",
        home: "process",
        env,
      });
    });
    afterAll(() => launched[Symbol.asyncDispose]());

    /** A namespace of its own, on the backend that all of them share. */
    async function open(): Promise<KeyValueClient> {
      const namespace = `t${process.pid}-${++count}`;
      const credentials = plugin.credentials?.() ?? {};
      const opened = await launched.client.initialize(namespace, plugin.config(), { credentials });
      expect(opened).toMatchObject({ success: true, error: "" });
      return new KeyValueClient(launched.client, namespace, plugin.pass);
    }

    describeValues(open);
    describeKeys(open);
    describeScan(open);
    describeTimeToLive(open);
    describeNumbers(open);
    describeConditions(open);
  });
}
