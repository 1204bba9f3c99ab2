import { mkdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  openStateDirectory,
  type StateDirectory,
} from "../../../../src/runtime/control-plane/state/state-dir.js";
import { temporaryDirectory } from "../../../support/temporary.js";

async function open(path: string): Promise<StateDirectory> {
  const state = await openStateDirectory(path);
  onTestFinished(() => state.release());
  return state;
}

describe("the state directory", () => {
  test("is made where it is not there, for its owner's eyes only", async () => {
    const path = join(await temporaryDirectory(), "a", "b");

    const { run, namespaces, data } = await open(path);

    for (const directory of [path, run, namespaces, data])
      expect(((await stat(directory)).mode & 0o777).toString(8)).toBe("700");
  });

  test("loses the sockets that a dead runtime left", async () => {
    const path = await temporaryDirectory();
    await mkdir(join(path, "run", "i-1"), { recursive: true });
    await writeFile(join(path, "run", "i-1", "sock"), "");

    await open(path);

    await expect(stat(join(path, "run", "i-1"))).rejects.toThrow("ENOENT");
  });

  test("has its sockets elsewhere, privately, where its own path is too long for a socket", async () => {
    const path = join(await temporaryDirectory(), "x".repeat(120));

    const state = await open(path);

    expect(Buffer.byteLength(state.run)).toBeLessThan(64);
    expect(((await stat(state.run)).mode & 0o777).toString(8)).toBe("700");
    await expect(openStateDirectory(path)).rejects.toThrow(`process ${process.pid}`);
    await state.release();
    await expect(stat(state.run)).rejects.toThrow("ENOENT");
  });

  test("that is a file is refused with the key to change", async () => {
    const path = join(await temporaryDirectory(), "file");
    await writeFile(path, "");

    const refused = openStateDirectory(path);

    await expect(refused).rejects.toThrow(
      /server\.state_dir: the state directory .*cannot be used: a file has its name/,
    );
    await expect(refused).rejects.toMatchObject({ kind: "invalidConfig" });
  });

  test("where no directory can be made is refused with the key to change", async () => {
    await expect(openStateDirectory("/proc/prism")).rejects.toThrow(
      "server.state_dir: the state directory /proc/prism cannot be used: the system says that no directory can be made in /proc. Point",
    );
  });

  test("on a full disk is refused, and the lock is free", async () => {
    const path = await temporaryDirectory();
    await mkdir(join(path, "namespaces"));
    await symlink("/dev/full", join(path, "namespaces", `.probe-${process.pid}`));

    await expect(openStateDirectory(path)).rejects.toThrow("the disk is full (ENOSPC); free some space");
    await expect(open(path)).resolves.toBeDefined();
  });
});
