import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { DeadlineWheel } from "../../../../src/runtime/data-plane/common/deadline-wheel.js";
import { type Arrival, Entrance } from "../../../../src/runtime/data-plane/entrance/entrance.js";
import type { Peer } from "../../../../src/runtime/model/peer.js";
import type { ProxySettings } from "../../../../src/runtime/model/proxy-messages.js";
import type { TlsMaterial } from "../../../../src/runtime/model/tls-material.js";
import { type Issued, TestAuthority } from "../../../support/certificates.js";
import { defaultLimits } from "../../../support/default-limits.js";
import { temporaryDirectory } from "../../../support/temporary.js";

/** What came of a connection. */
type Outcome = Arrival | { readonly peer: Peer; readonly reason: string; readonly message: string };

let authority: TestAuthority;
let strangers: TestAuthority;
let served: Issued;
beforeAll(async () => {
  authority = await TestAuthority.create();
  strangers = await TestAuthority.create("CN=Strangers");
  served = await authority.issue();
});

const sockets: Socket[] = [];
let server: Server;
let entrance: Entrance;
let outcome: Promise<Outcome>;
let tell: (outcome: Outcome) => void;
let wheelNow = 0;
let wheel: DeadlineWheel;

/** Lets connections in by these settings. */
async function admitting(settings: Partial<ProxySettings>, path?: string): Promise<void> {
  wheel = new DeadlineWheel(() => wheelNow);
  entrance = new Entrance(
    { limits: defaultLimits, defaultNamespace: "", proxyProtocol: [], ...settings },
    wheel,
  );
  expectAnother();
  server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket.on("error", () => undefined));
    entrance.admit(socket, {
      onArrival: (arrival) => tell(arrival),
      onRefused: (peer, reason, message) => {
        socket.destroy();
        tell({ peer, reason, message });
      },
    });
  });
  if (path === undefined) server.listen(0, "127.0.0.1");
  else server.listen(path);
  await once(server, "listening");
}

/** From here on `outcome` is the next connection's. */
function expectAnother(): void {
  outcome = new Promise((resolve) => (tell = resolve));
}

function tlsOf(more: Partial<TlsMaterial> = {}): TlsMaterial {
  return { ...served, clientCa: "", clientAuth: "none", ...more };
}

function dial(): Socket {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  sockets.push(socket.on("error", () => undefined));
  return socket;
}

/** A client over TLS that trusts the authority. */
function dialTls(options: ConnectionOptions = {}): TLSSocket {
  const { port } = server.address() as AddressInfo;
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    ca: authority.cert,
    servername: "localhost",
    ...options,
  });
  sockets.push(socket.on("error", () => undefined));
  return socket;
}

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

describe("a connection over TLS", () => {
  test.each([
    ["h2", "http2"],
    ["http/1.1", "http1"],
  ])("speaks what it has chosen by ALPN: %s", async (protocol, spoken) => {
    await admitting({ tls: tlsOf() });
    const client = dialTls({ ALPNProtocols: [protocol] });
    await once(client, "secureConnect");
    if (protocol === "http/1.1") client.write("GET / HTTP/1.1\r\n");

    expect(client.alpnProtocol).toBe(protocol);
    expect(client.authorized).toBe(true);
    expect(await outcome).toMatchObject({ spoken, peer: { address: "127.0.0.1" } });
  });

  test("prefers HTTP/2", async () => {
    await admitting({ tls: tlsOf() });
    const client = dialTls({ ALPNProtocols: ["http/1.1", "h2"] });
    await once(client, "secureConnect");

    expect(client.alpnProtocol).toBe("h2");
  });

  test.each([
    ["PRI * HTTP/2.0\r\n", "http2"],
    ["GET / HTTP/1.1\r\n", "http1"],
  ])("without ALPN speaks what its first bytes say: %j", async (said, spoken) => {
    await admitting({ tls: tlsOf() });
    dialTls().write(said);

    expect(await outcome).toMatchObject({ spoken, head: Buffer.from(said) });
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("may be %s", async (version) => {
    await admitting({ tls: tlsOf() });
    const client = dialTls({ minVersion: version, maxVersion: version, ALPNProtocols: ["h2"] });
    await once(client, "secureConnect");

    expect(client.getProtocol()).toBe(version);
    expect(client.getCipher().name).toMatch(/GCM|POLY1305/);
  });

  test.each([
    [
      "TLS 1.1",
      { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" },
      "unsupported protocol",
    ],
    ["no forward secrecy", { maxVersion: "TLSv1.2", ciphers: "AES128-SHA" }, "no shared cipher"],
    ["no protocol that is spoken", { ALPNProtocols: ["smtp"] }, "no application protocol"],
  ] as const)("that would have %s is refused", async (_what, options, why) => {
    await admitting({ tls: tlsOf() });
    dialTls(options);

    expect(await outcome).toMatchObject({
      reason: "tls",
      message: `the TLS handshake failed: ${why}`,
      peer: { address: "127.0.0.1" },
    });
  });

  test.each([
    [
      "HTTP",
      "GET / HTTP/1.1\r\n\r\n",
      "http request in plain text: ask by https://, as this port speaks TLS (server.tls)",
    ],
    [
      "noise",
      "\x00\x01\x02\x03\x04\x05\x06\x07",
      "wrong version number, or no TLS at all: this port speaks nothing else (server.tls)",
    ],
  ])("that speaks %s in plain text is refused", async (_what, said, why) => {
    await admitting({ tls: tlsOf() });
    dial().write(said);

    expect(await outcome).toMatchObject({ reason: "tls", message: `the TLS handshake failed: ${why}` });
  });

  test("that speaks TLS to a port without it is refused with what to do", async () => {
    await admitting({});
    dialTls();

    expect(await outcome).toMatchObject({
      reason: "protocol_error",
      message: "it speaks TLS, which this port does not: name a certificate in server.tls, or ask by http://",
    });
  });

  test("that stays silent, before the handshake or after it, is refused in time", async () => {
    for (const open of [() => once(dial(), "connect"), () => once(dialTls(), "secureConnect")]) {
      await admitting({ tls: tlsOf() });
      const accepted = once(server, "connection");
      await open();
      await accepted;

      wheelNow += defaultLimits.handshakeMs + 20;
      wheel.turn();

      expect(await outcome).toMatchObject({ reason: "handshake_ms" });
      server.close();
    }
  });

  test("that leaves in the middle is no fault, and the next one is served", async () => {
    await admitting({ tls: tlsOf() });
    const leaving = dial();
    leaving.write(Buffer.from([0x16, 3, 1, 2, 0]));
    const [accepted] = (await once(server, "connection")) as [Socket];
    leaving.destroy();
    await once(accepted, "close");

    dialTls({ ALPNProtocols: ["h2"] });

    expect(await outcome).toMatchObject({ spoken: "http2" });
  });

  test("gets a renewed certificate, and one from before goes on", async () => {
    await admitting({ tls: tlsOf() });
    const before = dialTls({ ALPNProtocols: ["h2"] });
    const { socket } = (await outcome) as Arrival;
    const renewed = await authority.issue({ name: "CN=renewed" });

    entrance.renew({ ...tlsOf(), ...renewed });
    const after = dialTls({ ALPNProtocols: ["h2"] });
    await once(after, "secureConnect");
    socket.write("still here");
    const [heard] = (await once(before, "data")) as [Buffer];

    expect(after.getPeerCertificate().subject.CN).toBe("renewed");
    expect(heard.toString()).toBe("still here");
  });

  test("resumes no session of before the renewal", async () => {
    await admitting({ tls: tlsOf() });
    const first = dialTls({ ALPNProtocols: ["h2"] });
    const [session] = (await once(first, "session")) as [Buffer];
    const resumed = dialTls({ ALPNProtocols: ["h2"], session });
    await once(resumed, "secureConnect");

    entrance.renew(tlsOf());
    const anew = dialTls({ ALPNProtocols: ["h2"], session });
    await once(anew, "secureConnect");

    expect([resumed.isSessionReused(), anew.isSessionReused()]).toEqual([true, false]);
  });
});

describe("a client's certificate", () => {
  const uri = "spiffe://acme/checkout";

  test.each(["optional", "required"] as const)("is verified and kept where it is %s", async (clientAuth) => {
    await admitting({ tls: tlsOf({ clientAuth, clientCa: authority.cert }) });
    dialTls({ ALPNProtocols: ["h2"], ...(await authority.issue({ name: "CN=ann", clientUri: uri })) });

    const { peer } = (await outcome) as Arrival;

    expect(peer.certificate?.subject).toBe("CN=ann");
    expect(peer.certificate?.subjectAltName).toBe(`URI:${uri}`);
  });

  test("is kept as well where a session is resumed that showed it", async () => {
    await admitting({ tls: tlsOf({ clientAuth: "required", clientCa: authority.cert }) });
    const issued = await authority.issue({ name: "CN=ann", clientUri: uri });
    const [session] = (await once(dialTls({ ALPNProtocols: ["h2"], ...issued }), "session")) as [Buffer];
    expectAnother();
    const resumed = dialTls({ ALPNProtocols: ["h2"], ...issued, session });
    await once(resumed, "secureConnect");

    expect(resumed.isSessionReused()).toBe(true);
    expect(((await outcome) as Arrival).peer.certificate?.subject).toBe("CN=ann");
  });

  test("may be missing where it is optional", async () => {
    await admitting({ tls: tlsOf({ clientAuth: "optional", clientCa: authority.cert }) });
    dialTls({ ALPNProtocols: ["h2"] });

    expect((await outcome) as Arrival).toMatchObject({ spoken: "http2", peer: { address: "127.0.0.1" } });
  });

  test("may not be missing where it is required", async () => {
    await admitting({ tls: tlsOf({ clientAuth: "required", clientCa: authority.cert }) });
    dialTls({ ALPNProtocols: ["h2"] });

    expect(await outcome).toMatchObject({
      reason: "tls",
      message: expect.stringContaining("no certificate") as string,
    });
  });

  test.each(["optional", "required"] as const)(
    "of a stranger, of a server, or of the past is refused where it is %s",
    async (clientAuth) => {
      const refused = [
        await strangers.issue({ clientUri: uri }),
        await authority.issue(),
        await authority.issue({ clientUri: uri, validDays: -1 }),
      ];
      const told: string[] = [];
      for (const issued of refused) {
        await admitting({ tls: tlsOf({ clientAuth, clientCa: authority.cert }) });
        dialTls({ ALPNProtocols: ["h2"], ...issued });
        const { message } = (await outcome) as { message: string };
        told.push(/\((.*?)\)/.exec(message)?.[1] ?? message);
        server.close();
      }

      expect(told).toEqual(["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "INVALID_PURPOSE", "CERT_HAS_EXPIRED"]);
    },
  );

  test("is not asked for where nobody could vouch for it", async () => {
    await admitting({ tls: tlsOf() });
    dialTls({ ALPNProtocols: ["h2"], ...(await strangers.issue({ clientUri: uri })) });

    expect(((await outcome) as Arrival).peer.certificate).toBeUndefined();
  });
});

describe("a connection with a PROXY header", () => {
  const header = "PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n";
  const loopback = { proxyProtocol: ["127.0.0.0/8"] };

  test("is the client's that the header names, and what follows is served", async () => {
    await admitting(loopback);
    dial().write(`${header}GET / HTTP/1.1\r\n`);

    const { peer, spoken, head } = (await outcome) as Arrival;

    expect({ peer, spoken, head: head.toString() }).toEqual({
      peer: { address: "203.0.113.7" },
      spoken: "http1",
      head: "GET / HTTP/1.1\r\n",
    });
  });

  test("may come in pieces, and what follows with its last one", async () => {
    await admitting(loopback);
    const client = dial().setNoDelay();
    for (const piece of header.slice(0, -1).match(/./gs) ?? []) {
      client.write(piece);
      await new Promise(setImmediate);
    }
    client.write("\nPRI * HTTP/2.0");

    const { head } = (await outcome) as Arrival;

    expect(head.toString()).toBe("PRI * HTTP/2.0");
  });

  test("comes before TLS, with the handshake's first bytes behind it or later", async () => {
    for (const together of [true, false]) {
      await admitting({ ...loopback, tls: tlsOf({ clientAuth: "optional", clientCa: authority.cert }) });
      const client = dial();
      if (together) client.cork();
      client.write(header);
      const certificate = await authority.issue({ clientUri: "spiffe://acme/a" });
      const secured = connectTls({
        socket: client,
        ca: authority.cert,
        servername: "localhost",
        ...certificate,
      });
      sockets.push(secured.on("error", () => undefined));
      if (together) process.nextTick(() => client.uncork());
      secured.write("GET / HTTP/1.1\r\n");

      const { peer, spoken } = (await outcome) as Arrival;

      expect([peer.address, spoken]).toEqual(["203.0.113.7", "http1"]);
      expect(peer.certificate?.subjectAltName).toBe("URI:spiffe://acme/a");
      server.close();
    }
  });

  test("is the load balancer's own where it speaks for itself", async () => {
    await admitting(loopback);
    dial().write("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n");

    expect((await outcome).peer).toEqual({ address: "127.0.0.1" });
  });

  const local = Buffer.concat([Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1"), Buffer.from([0x20, 0, 0, 0])]);
  test.each([
    ["LOCAL", local],
    [
      "LOCAL, with addresses that are to be passed over",
      Buffer.concat([local.subarray(0, 13), Buffer.from([0x11, 0, 12]), Buffer.alloc(12)]),
    ],
    ["UNKNOWN", Buffer.from("PROXY UNKNOWN\r\n")],
  ])(
    "that says %s is a load balancer's own, which may leave, keep silent or speak noise, and is refused nothing",
    async (_what, said) => {
      for (const tls of [false, true]) {
        for (const then of ["leaves", "is silent", "speaks noise"]) {
          await admitting({ ...loopback, ...(tls ? { tls: tlsOf() } : {}) });
          const accepted = once(server, "connection");
          const client = dial();
          client.write(said);
          if (then === "speaks noise") client.write("\0\0\0\0\0\0\0\0");
          const [socket] = (await accepted) as [Socket];
          if (then === "leaves") client.end();
          if (then === "is silent") {
            await once(socket, "data");
            wheelNow += defaultLimits.handshakeMs + 20;
            wheel.turn();
          }
          await new Promise((resolve) => (socket.closed ? resolve(0) : socket.once("close", resolve)));

          expect(await Promise.race([outcome, Promise.resolve("nothing")])).toBe("nothing");
          server.close();
        }
      }
    },
  );

  test("that says LOCAL lets its sender ask from its own address", async () => {
    await admitting(loopback);
    dial().write(Buffer.concat([local, Buffer.from("GET /readyz HTTP/1.1\r\n")]));

    expect((await outcome) as Arrival).toMatchObject({ peer: { address: "127.0.0.1" }, spoken: "http1" });
  });

  test.each([
    ["without one", "GET / HTTP/1.1\r\n", "there is no PROXY header"],
    ["with a bad one", "PROXY TCP4 nonsense\r\n", "the PROXY header is none of version 1"],
  ])("is expected: a connection %s is refused", async (_what, said, message) => {
    await admitting(loopback);
    dial().write(said);

    expect(await outcome).toEqual({ peer: { address: "127.0.0.1" }, reason: "proxy_protocol", message });
  });

  test("that trickles is refused in time", async () => {
    await admitting(loopback);
    const accepted = once(server, "connection");
    dial().write("PROXY TCP4");
    await accepted;

    wheelNow += defaultLimits.handshakeMs + 20;
    wheel.turn();

    expect(await outcome).toMatchObject({ reason: "handshake_ms" });
  });

  test("is not believed from anywhere else", async () => {
    await admitting({ proxyProtocol: ["10.0.0.0/8", "unix"] });
    dial().write(header);

    expect(await outcome).toMatchObject({ reason: "proxy_protocol", peer: { address: "127.0.0.1" } });
  });

  test("may come over a Unix socket, which stays plain text", async () => {
    const path = join(await temporaryDirectory(), "prism.sock");
    await admitting({ proxyProtocol: ["unix"], tls: tlsOf() }, path);
    const client = connect(path);
    sockets.push(client);
    client.write(`${header}GET / HTTP/1.1\r\n`);

    expect(await outcome).toMatchObject({ peer: { address: "203.0.113.7" }, spoken: "http1" });
  });
});
