import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TimeLimit } from "../../../src/protocol/index.js";
import { type LaunchedPlugin, sidecarChannel } from "../../../src/runtime/channel/index.js";
import { until } from "../../support/running-prism.js";
import { fixtureCode, LaunchSite, RecordingGroups } from "./channel-harness.js";

let site: LaunchSite;
let groups: RecordingGroups;
let launched: LaunchedPlugin | undefined;
beforeEach(async () => {
  site = await LaunchSite.make();
  groups = new RecordingGroups();
});
afterEach(async () => {
  await launched?.terminate(0);
  await site[Symbol.asyncDispose]();
});

async function launch(program: string, env: Record<string, string> = {}): Promise<LaunchedPlugin> {
  const channel = sidecarChannel({ groups });
  launched = await channel.launch(site.request(fixtureCode(program), env), new TimeLimit(10_000).signal);
  return launched;
}

describe("a sidecar", () => {
  test("inherits nothing of Prism's environment but PATH, HOME, LANG and TZ, beside what Prism and its namespace tell it", async () => {
    process.env["PRISM_SECRET_OF_OTHERS"] = "swordfish";

    await launch("tells-its-environment.js", { REGION: "north" });
    await until("it to tell", () => site.output.length > 0);
    delete process.env["PRISM_SECRET_OF_OTHERS"];

    const { env } = JSON.parse(site.output[0]?.slice("stderr: ".length) ?? "") as {
      env: Record<string, string>;
    };
    const inherited = Object.keys(env).filter((name) => ["PATH", "HOME", "LANG", "TZ"].includes(name));
    const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !inherited.includes(name)));
    expect(rest).toEqual({
      REGION: "north",
      PLUGIN_SOCKET: `${site.directory}/sock`,
      PRISM_PLUGIN_TOKEN: "a-token",
      PRISM_PLUGIN_PROTOCOL: "1",
      PRISM_PLUGIN_DATA: `${site.directory}/data`,
    });
  });

  test("cannot be told another socket or token by its namespace", async () => {
    const { socket } = await launch("answers-slowly.js", {
      PLUGIN_SOCKET: "/tmp/mine",
      PRISM_PLUGIN_TOKEN: "",
    });

    expect(socket).toBe(`${site.directory}/sock`);
  });

  test("leads a process group of its own, which is known as long as it runs", async () => {
    const { pid } = await launch("tells-its-environment.js");
    await until("it to tell", () => site.output.length > 0);
    expect(site.output[0]).toContain(`"group":${pid}`);
    expect([...groups.known]).toEqual([pid]);

    await launched?.terminate(2_000);

    expect([...groups.known]).toEqual([]);
  });

  test("ends at SIGTERM, or by SIGKILL where it ignores that for its grace", async () => {
    const polite = await launch("answers-slowly.js");
    await polite.terminate(10_000);
    const stubborn = await launch("ignores-sigterm.js");
    await stubborn.terminate(200);

    expect(await polite.ended).toBe("was killed by SIGTERM");
    expect(await stubborn.ended).toBe("was killed by SIGKILL");
    expect(site.output).toContain("stderr: SIGTERM came and is ignored");
  });

  test("that is waited for in vain is gone when the wait is given up", async () => {
    const enough = new AbortController();
    const launching = sidecarChannel({ groups }).launch(
      site.request(fixtureCode("never-shakes-hands.js")),
      enough.signal,
    );
    await until("it to run", () => groups.known.size === 1);

    enough.abort();

    await expect(launching).rejects.toThrow("did not shake hands in time");
    expect(groups.known.size).toBe(0);
  });

  test.each([
    ["a link, such as to a neighbour's socket", 'ln -s /tmp/neighbour "$PLUGIN_SOCKET"', "which is a link"],
    ["a file", 'echo > "$PLUGIN_SOCKET"', "which is no socket"],
  ])("whose socket is %s is refused", async (_what, makes, why) => {
    const script = `${makes}; echo "prism|1|unix|$PLUGIN_SOCKET"; cat`;
    const code = { kind: "command", command: ["sh", "-c", script], cwd: "/" } as const;

    const launching = sidecarChannel({ groups }).launch(site.request(code), new TimeLimit(10_000).signal);

    await expect(launching).rejects.toThrow(`${why}: listen on the path in PLUGIN_SOCKET yourself`);
    expect(groups.known.size).toBe(0);
  });

  test("whose working directory is not there is refused with the remedy", async () => {
    const code = { ...fixtureCode("answers-slowly.js"), cwd: `${site.directory}/nowhere` };

    const launching = sidecarChannel({ groups }).launch(site.request(code), new TimeLimit(10_000).signal);

    await expect(launching).rejects.toThrow(/is to run in .*nowhere, which is not there: make it/);
  });

  test("whose command may not be run is refused with the remedy", async () => {
    const code = { kind: "command", command: [site.directory], cwd: "/" } as const;

    const launching = sidecarChannel({ groups }).launch(site.request(code), new TimeLimit(10_000).signal);

    await expect(launching).rejects.toThrow("may not be run: make it executable");
  });
});
