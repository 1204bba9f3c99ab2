import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { FileWatcher } from "../../../../src/runtime/control-plane/common/watch-file.js";
import type { Log } from "../../../../src/runtime/model/log.js";
import { temporaryDirectory } from "../../../support/temporary.js";

const ignore = (): void => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  file = join(directory, "prism.yaml");
});

/** Watches, and gives what resolves at the next change and how many there were. */
async function watched() {
  const changes = { count: 0, next: Promise.resolve() };
  let tell: () => void = () => undefined;
  const expectNext = (): void => void (changes.next = new Promise((resolve) => (tell = resolve)));
  expectNext();
  const onChange = (): void => {
    changes.count += 1;
    tell();
    expectNext();
  };
  const watch = await new FileWatcher(silent).follow({ file, onChange });
  onTestFinished(() => watch.close());
  return changes;
}

describe("a watched file", () => {
  test("is noticed when it is written", async () => {
    await writeFile(file, "one");
    const changes = await watched();

    const { next } = changes;
    await writeFile(file, "two");
    await next;

    expect(changes.count).toBe(1);
  });

  test("is noticed when an editor puts another in its place", async () => {
    await writeFile(file, "one");
    const { next } = await watched();

    await writeFile(`${file}~`, "two");
    await rename(`${file}~`, file);

    await expect(next).resolves.toBeUndefined();
  });

  test("is noticed when a ConfigMap is swapped", async () => {
    const version = async (name: string, text: string): Promise<void> => {
      await mkdir(join(directory, name));
      await writeFile(join(directory, name, "prism.yaml"), text);
      await symlink(name, join(directory, "..new"));
      await rename(join(directory, "..new"), join(directory, "..data"));
    };
    await version("..1", "one");
    await symlink(join("..data", "prism.yaml"), file);
    const { next } = await watched();

    await version("..2", "two");
    await rm(join(directory, "..1"), { recursive: true });

    await expect(next).resolves.toBeUndefined();
  });

  test("that says the same again, or is away for a moment, is no change", async () => {
    await writeFile(file, "one");
    const changes = await watched();
    const { next } = changes;

    await writeFile(file, "one");
    await rm(file);
    await writeFile(file, "two");
    await next;

    expect(changes.count).toBe(1);
  });
});
