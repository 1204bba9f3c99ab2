import { mkdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeDirectory } from "../../src/protocol/index.js";
import { temporaryDirectory } from "../support/temporary.js";

test("a directory is made with those above it, for its owner alone, and one that is there stays as it is", async () => {
  const above = await temporaryDirectory();
  await mkdir(join(above, "open"), { mode: 0o755 });

  await makeDirectory(join(above, "open"));
  await makeDirectory(join(above, "open", "a", "b"));

  const modes = [["open"], ["open", "a"], ["open", "a", "b"]].map(async (names) =>
    ((await stat(join(above, ...names))).mode & 0o777).toString(8),
  );
  expect(await Promise.all(modes)).toEqual(["755", "700", "700"]);
});

test("a directory below one that takes none, as /proc, is refused with its name", async () => {
  await expect(makeDirectory("/proc/prism/state")).rejects.toThrow("no directory can be made in /proc");
});

test("a directory below a file, or a link that leads nowhere, is refused", async () => {
  const above = await temporaryDirectory();
  await writeFile(join(above, "file"), "");
  await symlink(join(above, "nowhere"), join(above, "link"));

  await expect(makeDirectory(join(above, "file", "a"))).rejects.toThrow("ENOTDIR");
  await expect(makeDirectory(join(above, "link", "a"))).rejects.toThrow("EEXIST");
});
