import { resolve } from "node:path";
import { expect, test } from "vitest";
import { pathOf } from "../../src/cli/path-of.js";

test("an installed program is called by its name, one of a checkout by its path from here", () => {
  const installed = pathOf("prism", ["node", "/usr/local/bin/prism"]);
  const here = pathOf("prism", ["node", resolve("bin/run.js")]);
  const elsewhere = pathOf("prism", ["node", "/opt/prism/bin/run.js"]);

  expect([installed, here, elsewhere]).toEqual(["prism", "./bin/run.js", "/opt/prism/bin/run.js"]);
});
