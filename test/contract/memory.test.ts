import { describeKeyValue } from "./describe-key-value.js";
import { describePlugin } from "./describe-plugin.js";

const module = "src/plugins/memory/index.ts";

describePlugin("memory", {
  module,
  config: () => ({ max_bytes: "64MiB" }),
  bad: { config: { max_bytes: -1, max_byte: 5 }, says: [/config\.max_bytes/, /max_byte\b/] },
});
describeKeyValue("memory", { module, config: () => ({}) });
