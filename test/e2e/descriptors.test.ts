import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type RunningPrism, servePrism, until } from "../support/running-prism.js";

let prism: RunningPrism;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await prism.stop();
});

test("where descriptors are few, connections beyond are refused and counted, and calls are served when some are free again", async () => {
  prism = await servePrism({ within: ["sh", "-c", 'ulimit -n 400; exec "$@"', "sh"] });
  const [host = "", port = ""] = prism.address.split(":");
  const dial = (): Socket => {
    const socket = connect(Number(port), host).on("error", () => undefined);
    sockets.push(socket);
    return socket;
  };
  for (let i = 0; i < 120; i++) await once(dial(), "connect");

  const series = /^prism_refused_total\{peer="client",reason="connections"\} [1-9]/m;
  await until("refusals to be counted", async () =>
    series.test(await (await fetch(`http://${prism.admin}/metrics`)).text()),
  );
  for (const socket of sockets.splice(0)) socket.destroy();
  const url = `http://${prism.address}/v1/namespaces/default/kv/key`;
  await until("calls to be served", async () => (await fetch(url, { method: "PUT", body: "1" })).ok);

  expect(prism.output()).toContain("raise ulimit -n");
});
