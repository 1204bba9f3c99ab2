import { expect, test } from "vitest";
import { InstanceSecrets } from "../../../../src/runtime/control-plane/supervisor/instance-secrets.js";
import { namespaceOn } from "../supervised.js";

const { signal } = new AbortController();

test("what an instance was told stays hidden when its secrets are looked up again and are others by then", async () => {
  let password = "0ld-word";
  const declared = namespaceOn("a.js", {
    credentials: { password: "{{ secret:p }}" },
    config: { pin: "m4rker" },
  });
  const secrets = new InstanceSecrets(declared, () =>
    Promise.resolve({ ...declared, credentials: { password } }),
  );
  secrets.mark(await secrets.resolve(signal), ["pin"]);
  expect(await secrets.renewed(signal)).toBeUndefined();

  password = "n3w-word";
  const others = await secrets.renewed(signal);

  expect(others).toBeDefined();
  expect(secrets.hide("refused 0ld-word, m4rker")).toBe("refused (hidden), (hidden)");
});
