import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { readTlsFiles } from "../../../../src/runtime/control-plane/tls/tls-files.js";
import { TlsWatch } from "../../../../src/runtime/control-plane/tls/tls-watch.js";
import { FileWatcher } from "../../../../src/runtime/control-plane/common/watch-file.js";
import type { Log } from "../../../../src/runtime/model/log.js";
import type { TlsMaterial } from "../../../../src/runtime/model/tls-material.js";
import { type Issued, TestAuthority } from "../../../support/certificates.js";
import { until } from "../../../support/running-prism.js";
import { temporaryDirectory } from "../../../support/temporary.js";

let authority: TestAuthority;
let first: Issued;
let second: Issued;
beforeAll(async () => {
  authority = await TestAuthority.create();
  [first, second] = await Promise.all([authority.issue(), authority.issue()]);
});

let directory: string;
let watch: TlsWatch;
const taken: TlsMaterial[] = [];
const lines: string[] = [];
beforeEach(async () => {
  directory = await temporaryDirectory();
  for (const list of [taken, lines]) list.splice(0);
});

/** Follows the three files in a directory; what is taken and logged is kept for the test. */
async function watching(between: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  const at = (name: string): string => join(directory, name);
  const files = { cert: at("server.pem"), key: at("server.key"), clientCa: at("clients.pem") };
  const settings = { ...files, clientAuth: "required" } as const;
  const { material } = await readTlsFiles(settings);
  const tell = (message: string): void => void lines.push(message.replaceAll(directory, "DIR"));
  const log: Log = { debug: tell, info: tell, warn: tell, error: tell };
  const watcher = new FileWatcher(log);
  watch = new TlsWatch(settings, material, { take: (next) => taken.push(next), files: watcher, log });
  await between();
  await watch.start();
  onTestFinished(() => watch.stop());
}

async function write(issued: Partial<Issued>, clients = authority.cert, into = directory): Promise<void> {
  const files = { "server.pem": issued.cert, "server.key": issued.key, "clients.pem": clients };
  for (const [name, text] of Object.entries(files)) {
    if (text === undefined) continue;
    await writeFile(join(into, `${name}~`), text);
    await rename(join(into, `${name}~`), join(into, name));
  }
}

test("a new certificate with its key is taken once", async () => {
  await write(first);
  await watching();

  await write(second);
  await until("the new certificate", () => taken.length > 0);
  await watch.stop();

  expect(taken).toEqual([{ ...second, clientCa: authority.cert, clientAuth: "required" }]);
  expect(lines.at(-1)).toBe("new certificates are served from now on");
});

test("a new authority for clients is taken", async () => {
  const other = await TestAuthority.create();
  await write(first);
  await watching();

  await write(first, other.cert);
  await until("the new authority", () => taken.length > 0);

  expect(taken).toMatchObject([{ ...first, clientCa: other.cert }]);
});

test("a swapped ConfigMap is taken", async () => {
  const version = async (name: string, issued: Issued): Promise<void> => {
    await mkdir(join(directory, name));
    await write(issued, authority.cert, join(directory, name));
    await symlink(name, join(directory, "..new"));
    await rename(join(directory, "..new"), join(directory, "..data"));
  };
  await version("..1", first);
  for (const name of ["server.pem", "server.key", "clients.pem"])
    await symlink(join("..data", name), join(directory, name));
  await watching();

  await version("..2", second);
  await until("the new certificate", () => taken.length > 0);

  expect(taken).toMatchObject([second]);
});

test("what changed before the watch began is taken", async () => {
  await write(first);
  await watching(() => write(second));

  expect(taken).toMatchObject([second]);
});

test("a bad certificate changes nothing and is told; it is over when a good one comes", async () => {
  await write(first);
  await watching();

  await write({ cert: second.cert });
  await until("the problem", () => watch.problems.length > 0);
  const told = watch.problems;
  await write({ key: second.key });
  await until("the new certificate", () => taken.length > 0);

  const problem =
    "the files of server.tls are not taken, the certificate that was served is served on: " +
    "server.tls.key: DIR/server.key does not belong to the certificate in DIR/server.pem: name the two that were made together";
  expect(told.map((line) => line.replaceAll(directory, "DIR"))).toEqual([problem]);
  expect(lines).toEqual([problem, "new certificates are served from now on"]);
  expect(watch.problems).toEqual([]);
  expect(taken).toMatchObject([second]);
});
