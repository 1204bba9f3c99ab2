// The soak's own plugin: a unary and a streaming operation that answer what they are sent.
import { definePlugin, streaming, unary, z } from "../../dist/sdk/index.js";

export default definePlugin({
  name: "echo",
  version: "1.0.0",
  config: z.strictObject({}),
  open: () => ({
    operations: {
      echo: unary({ request: "bytes", response: "bytes", run: (bytes) => Buffer.from(bytes) }),
      echo_all: streaming({
        request: "bytes",
        response: "bytes",
        async *run(messages) {
          for await (const bytes of messages) yield Buffer.from(bytes);
        },
      }),
    },
  }),
});
