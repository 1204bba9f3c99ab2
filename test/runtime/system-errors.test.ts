import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sidecarChannel } from "../../src/runtime/channel/index.js";
import { loadConfig } from "../../src/runtime/config/index.js";
import { fileProblem } from "../../src/runtime/control-plane/common/file-problem.js";
import { listen } from "../../src/runtime/control-plane/listeners.js";
import { openStateDirectory } from "../../src/runtime/control-plane/state/state-dir.js";
import { readTlsFiles } from "../../src/runtime/control-plane/tls/tls-files.js";
import { systemProblem, TimeLimit } from "../../src/protocol/index.js";
import { temporaryDirectory } from "../support/temporary.js";
import { LaunchSite, RecordingGroups } from "./channel/channel-harness.js";
import { inMemory, startForTest } from "./running-runtime.js";

/** Paths that the system refuses to look at, and what is said of them. */
async function refusedPaths(): Promise<readonly (readonly [path: string, told: RegExp])[]> {
  const directory = await temporaryDirectory();
  await symlink("loop", join(directory, "loop"));
  return [
    ["/etc/passwd/plugin", /a part of its path is a file and no directory \(ENOTDIR\); correct the path/],
    [join(directory, "loop"), /its symbolic links lead in a circle \(ELOOP\); mend the links/],
    [`/${"x".repeat(300)}`, /its path, or a name in it, is too long \(ENAMETOOLONG\); choose a shorter one/],
  ];
}

test.each(["command: [%]", "library: %"])(
  "a plugin's %s that the system refuses to look at is a problem with its place, key and remedy",
  async (key) => {
    for (const [path, told] of await refusedPaths()) {
      const cwd = await temporaryDirectory();
      const yaml = `namespaces:\n  - { name: a, backend: x, plugin: { ${key.replace("%", path)} } }\n`;
      await writeFile(join(cwd, "prism.yaml"), yaml);

      const loading = loadConfig({ env: {}, cwd });

      await expect(loading).rejects.toMatchObject({ kind: "invalidConfig" });
      await expect(loading).rejects.toThrow(/^prism\.yaml:2:\d+ namespaces\.0\.plugin\./);
      await expect(loading).rejects.toThrow(told);
    }
  },
);

test("a configuration, a state directory, a certificate and a socket that cannot be reached say why", async () => {
  for (const [path, told] of await refusedPaths()) {
    const address = { kind: "unix", path, text: `unix:${path}` } as const;
    const attempts = [
      loadConfig({ file: path, env: {}, cwd: "/" }),
      openStateDirectory(join(path, "state")),
      readTlsFiles({ cert: path, key: path, clientAuth: "none" }),
      ...(path.length > 100
        ? []
        : [listen({ address, key: "server.listen", onConnection: () => undefined })]),
    ];

    const ends = await Promise.all(attempts.map((attempt) => attempt.then(() => undefined, String)));

    // A path of a socket is looked through by the kernel alone, which says less of some.
    for (const end of ends.slice(0, 3)) expect(end).toMatch(told);
    for (const end of ends) expect(end).toMatch(/PrismError|ConfigProblems/);
  }
});

test("a prism.yaml that is a link to nowhere is a problem, and no reason to serve the defaults", async () => {
  const cwd = await temporaryDirectory();
  await symlink("nowhere.yaml", join(cwd, "prism.yaml"));

  await expect(loadConfig({ env: {}, cwd })).rejects.toThrow(
    "prism.yaml: cannot be read: there is no such file",
  );
});

test.each([
  [
    "#!/bin/sh\r\nexit 0\r\n",
    /has lines that end in CR LF, so its interpreter "\/bin\/sh\\r" is not there: save it/,
  ],
  ["#!/nowhere/python9\n", /begins with #!\/nowhere\/python9, which is not there: install it/],
])("a script whose interpreter the system does not find is told as that: %j", async (script, told) => {
  await using site = await LaunchSite.make();
  const file = join(site.directory, "plugin");
  await writeFile(file, script);
  await chmod(file, 0o755);

  const launching = launch(site, file);

  await expect(launching).rejects.toThrow(told);
});

test("arguments and variables beyond what the system takes fail that namespace alone, with the remedy", async () => {
  const yaml = `${inMemory("orders")}  - { name: big, backend: x, plugin: { command: [cat], env: { BIG: ${"b".repeat(200_000)} } } }\n`;

  const { status, client } = await startForTest({ yaml });

  const { namespaces } = await status();
  expect(namespaces.find(({ name }) => name === "big")?.reason).toMatch(
    /more than the system takes \(E2BIG\); make plugin\.command and plugin\.env smaller/,
  );
  await client.set("key", "value", { namespace: "orders" });
});

test("an applied namespace whose file cannot be read is told, and keeps no other from being served", async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "state/namespaces/broken.yaml"), { recursive: true });

  const { status, client } = await startForTest({ directory, yaml: inMemory("orders") });

  const { problems } = await status();
  expect(problems.join()).toMatch(
    /namespace "broken" was applied and cannot be taken now: .*it is a directory/,
  );
  await client.set("key", "value", { namespace: "orders" });
});

test.each([
  ["EACCES", "this user lacks the permission"],
  ["EROFS", "its file system is read-only"],
  ["ENOSPC", "the disk is full"],
  ["EMFILE", "this process has no file descriptor left"],
  ["ENFILE", "the machine has no file descriptor left"],
  ["EAGAIN", "the system takes no further process"],
  ["ENOEXEC", "it is no program that this machine runs"],
  ["EIO", "the disk, or what it is mounted from, fails"],
])("what a test cannot make the system say is put into words as well: %s", (code, told) => {
  const reason = Object.assign(new Error(`${code}: …`), { code });

  expect(systemProblem(reason)).toMatchObject({ code, why: told });
  expect(fileProblem(reason, { what: "x", remedy: "y" }).message).toContain(`${told} (${code}); `);
});

async function launch(site: LaunchSite, file: string): Promise<unknown> {
  using limit = new TimeLimit(10_000);
  const code = { kind: "command", command: [file], cwd: site.directory } as const;
  return await sidecarChannel({ groups: new RecordingGroups() }).launch(site.request(code), limit.signal);
}
