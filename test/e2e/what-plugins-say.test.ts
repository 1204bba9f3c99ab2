import { execFile } from "node:child_process";
import { afterEach, expect, test } from "vitest";
import { type RunningPrism, servePrism, until } from "../support/running-prism.js";

const root = new URL("../../", import.meta.url).pathname;
const fixtures = `${root}test/fixtures/plugins/`;
const markers = ["m4rker-1", "m4rker-2", "m4rker-3", "m4rker-4", "m4rker-5", "m4rker-6", "m4rker-7"];
const [secret = "", secretToken = "", password = "", query = "", literal = "", userInfo = "", told = ""] =
  markers;
const steering = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

let prism: RunningPrism | undefined;
afterEach(() => prism?.stop());

/** Serves three namespaces whose plugins tell all that they know: one on the SDK, and two without, of which one refuses to serve. */
async function serve(format: "json" | "pretty"): Promise<RunningPrism> {
  const entry = (name: string, program: string, { env = "", config = "" } = {}): string => `
  - name: ${name}
    backend: talkative
    plugin:
      command: [${process.execPath}, ${fixtures}${program}]
      env: { SECRET: "{{ secret:one }}", LITERAL_TOKEN: "{{ secret:two }}", LITERAL: ${literal}${env} }
    credentials: { password: ${password} }
    config: { url: "https://u:${userInfo}@db/x?api_key=${query}"${config} }
`;
  const entries = [
    entry("talks", "gives-itself-away.js"),
    entry("refuses", "gives-itself-away.js", { env: ', REFUSES: "yes"' }),
    entry("repeats", "repeats-its-secrets.js", { config: `, pin: ${told}, servers: [{ key: ${told} }]` }),
  ];
  const yaml = `telemetry: { log: { format: ${format} } }\nnamespaces:${entries.join("")}`;
  const env = { PRISM_SECRET_ONE: secret, PRISM_SECRET_TWO: secretToken };
  prism = await servePrism({ yaml, env, unready: true });
  const { admin, output } = prism;
  await until("all to have been tried", async () => {
    const { unready } = (await (await fetch(`http://${admin}/readyz`)).json()) as { unready: object };
    return (
      "refuses" in unready &&
      !("talks" in unready) &&
      !("repeats" in unready) &&
      output().includes("Prism serves")
    );
  });
  return prism;
}

/** What commands and addresses print, and the log. */
async function everythingSaid({ admin, address, output }: RunningPrism): Promise<string[]> {
  const asked = ["status", "ns list", "plugin list", "ns get talks", "ns get refuses", "ns get repeats"].map(
    (line) => [...line.split(" "), "--admin", admin],
  );
  const commands = [
    ...asked,
    ...asked.map((args) => [...args, "--json"]),
    ["call", "refuses", "get", "--key", "k", "--address", address],
    ["call", "repeats", "tell", "--address", address],
    ["plugin", "reload", "refuses", "--admin", admin],
    ["plugin", "reload", "talks", "--admin", admin],
  ];
  const said: string[] = [];
  for (const args of commands) said.push(await run(args));
  for (const path of ["/readyz", "/metrics"]) said.push(await (await fetch(`http://${admin}${path}`)).text());
  for (const path of ["refuses/kv/k", "talks/kv/k"])
    said.push(await (await fetch(`http://${address}/v1/namespaces/${path}`)).text());
  said.push(output());
  return said;
}

test.each(["json", "pretty"] as const)(
  "nothing that is printed, answered or logged (%s) holds a secret, or steers a terminal, whatever plugins say",
  async (format) => {
    const running = await serve(format);

    const said = await everythingSaid(running);

    for (const text of said) {
      expect(text).not.toBe("");
      for (const marker of markers) expect(text).not.toContain(marker);
      expect(text).not.toMatch(steering);
    }
    expect(said.join()).toContain("(hidden) (hidden) (hidden) \\u001b[2J");
    expect(said.join()).toContain("the backend refused");
  },
);

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [`${root}bin/run.js`, ...args], (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}
