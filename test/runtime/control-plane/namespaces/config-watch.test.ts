import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../../../src/runtime/config/index.js";
import { ConfigWatch } from "../../../../src/runtime/control-plane/namespaces/config-watch.js";
import { FileWatcher } from "../../../../src/runtime/control-plane/common/watch-file.js";
import type { Log } from "../../../../src/runtime/model/log.js";
import { temporaryDirectory } from "../../../support/temporary.js";

const yaml = "namespaces: [{ name: orders, backend: memory }]\n";

/** Follows a file; `next` is the next line of the log. */
async function following(unserved: readonly string[] = []) {
  const directory = await temporaryDirectory();
  const file = join(directory, "prism.yaml");
  await writeFile(file, yaml);
  let tell: (line: string) => void = () => undefined;
  const hear = (message: string): void => tell(message);
  const log: Log = { debug: hear, info: hear, warn: hear, error: hear };
  const load = () => loadConfig({ file, env: {}, cwd: directory });
  const watch = new ConfigWatch(await load(), {
    load,
    take: () => Promise.resolve(unserved),
    files: new FileWatcher(log),
    log,
  });
  await watch.start();
  onTestFinished(() => watch.stop());
  const next = (): Promise<string> => new Promise((resolve) => (tell = resolve));
  return { file, watch, next };
}

describe("the served file", () => {
  test("is told to be taken when all of it is served", async () => {
    const { file, next } = await following();

    const told = next();
    await writeFile(file, `${yaml}# edited\n`);

    expect(await told).toBe("the edited file is taken");
  });

  test("is told not to be served whole where a namespace of it fails", async () => {
    const { file, next } = await following(['namespace "orders" serves on as it was']);

    const told = next();
    await writeFile(file, `${yaml}# edited\n`);

    expect(await told).toBe("the edited file is taken, but not all of it is served");
  });

  test("that is removed is told in the log and by the status, until it is back", async () => {
    const { file, watch, next } = await following();

    const gone = next();
    await rm(file);
    expect(await gone).toContain(
      `${file} is gone or cannot be read, what was served is served on: put it back`,
    );
    expect(watch.problems).toEqual([await gone]);

    const back = next();
    await writeFile(`${file}~`, yaml);
    await rename(`${file}~`, file);
    expect(await back).toBe("the edited file is taken");
    expect(watch.problems).toEqual([]);
  });
});
