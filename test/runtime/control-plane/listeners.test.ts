import { once } from "node:events";
import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ListenAddress, UnixSocketSettings } from "../../../src/runtime/config/index.js";
import { listen, type Listener } from "../../../src/runtime/control-plane/listeners.js";
import { temporaryDirectory } from "../../support/temporary.js";

const anyPort: ListenAddress = { kind: "tcp", host: "127.0.0.1", port: 0, text: "127.0.0.1:0" };

async function open(address: ListenAddress, unixSocket?: UnixSocketSettings): Promise<Listener> {
  const listener = await listen({
    address,
    key: "server.listen",
    ...(unixSocket && { unixSocket }),
    onConnection: (socket) => socket.destroy(),
  });
  onTestFinished(() => listener.close());
  return listener;
}

function unix(path: string): ListenAddress {
  return { kind: "unix", path, text: `unix:${path}` };
}

describe("a listener", () => {
  test("tells the port that it got for port 0", async () => {
    expect((await open(anyPort)).address).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  });

  test("that finds its port taken says which, the key, and what to do", async () => {
    const { address } = await open(anyPort);
    const port = Number(address.split(":")[1]);

    const refused = open({ kind: "tcp", host: "127.0.0.1", port, text: address });

    await expect(refused).rejects.toThrow(
      `server.listen: cannot listen on ${address}: another program listens there; stop that program, or choose another address`,
    );
    await expect(refused).rejects.toMatchObject({ kind: "invalidConfig" });
  });

  test("refuses an address that this machine does not have", async () => {
    const refused = open({ kind: "tcp", host: "192.0.2.1", port: 50051, text: "192.0.2.1:50051" });

    await expect(refused).rejects.toThrow("this machine has no such address");
  });

  test("takes the place of a socket that nobody listens on any more, for its owner only", async () => {
    const path = join(await temporaryDirectory(), "prism.sock");
    const dead = await open(unix(`${path}.dead`));
    const { rename } = await import("node:fs/promises");
    await rename(`${path}.dead`, path);
    dead.close();

    await open(unix(path));

    expect(((await stat(path)).mode & 0o777).toString(8)).toBe("600");
    await expect(once(connect(path), "connect")).resolves.toBeDefined();
  });

  test("lets in who the mode and the group of its socket say, and nobody else", async () => {
    const path = join(await temporaryDirectory(), "prism.sock");

    await open(unix(path), { mode: 0o660, group: String(process.getgid?.() ?? 0) });

    const { mode, gid } = await stat(path);
    expect((mode & 0o777).toString(8)).toBe("660");
    expect(gid).toBe(process.getgid?.());
  });

  test("of a group that is not there is refused, by the key", async () => {
    const path = join(await temporaryDirectory(), "prism.sock");

    const refused = open(unix(path), { mode: 0o660, group: "no-such-group" });

    await expect(refused).rejects.toThrow('server.unix_group: there is no group "no-such-group"');
  });

  test("leaves a socket alone that somebody listens on", async () => {
    const path = join(await temporaryDirectory(), "prism.sock");
    await open(unix(path));

    await expect(open(unix(path))).rejects.toThrow("another program listens there");
    await expect(once(connect(path), "connect")).resolves.toBeDefined();
  });
});
