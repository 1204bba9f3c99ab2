import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { readTlsFiles } from "../../../../src/runtime/control-plane/tls/tls-files.js";
import { type Issued, TestAuthority } from "../../../support/certificates.js";
import { temporaryDirectory } from "../../../support/temporary.js";

let authority: TestAuthority;
let issued: Issued;
beforeAll(async () => {
  authority = await TestAuthority.create();
  issued = await authority.issue();
});

let directory: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  await write({ "server.pem": issued.cert, "server.key": issued.key, "clients.pem": authority.cert });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
}

/** What is read of the three files, their directory called DIR; a failure's message is told as its lines. */
async function read(now?: number): Promise<Awaited<ReturnType<typeof readTlsFiles>> | string[]> {
  const at = (name: string): string => join(directory, name);
  const files = { cert: at("server.pem"), key: at("server.key"), clientCa: at("clients.pem") };
  try {
    return await readTlsFiles({ ...files, clientAuth: "optional" }, now);
  } catch (reason) {
    return (reason as Error).message.replaceAll(directory, "DIR").split("\n");
  }
}

test("files that fit are read as they are", async () => {
  expect(await read()).toEqual({
    material: { ...issued, clientCa: authority.cert, clientAuth: "optional" },
    warnings: [],
  });
});

interface Spoilt {
  readonly what: string;
  readonly spoil: () => Promise<void>;
  readonly told: readonly (string | RegExp)[];
}

const spoilt: readonly Spoilt[] = [
  {
    what: "a key that belongs to another certificate",
    spoil: async () => write({ "server.key": (await authority.issue()).key }),
    told: [
      "server.tls.key: DIR/server.key does not belong to the certificate in DIR/server.pem: name the two that were made together",
    ],
  },
  {
    what: "a chain in the wrong order",
    spoil: () => write({ "server.pem": `${authority.cert}\n${issued.cert}` }),
    told: [
      "server.tls.key: DIR/server.key belongs to certificate 2 of DIR/server.pem: the server's own must be its first",
    ],
  },
  {
    what: "a key that is encrypted",
    spoil: () => {
      const cipher = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" } as const;
      return write({ "server.key": createPrivateKey(issued.key).export(cipher).toString() });
    },
    told: [
      "server.tls.key: DIR/server.key is encrypted, and nobody is there to say its passphrase: write it without one (openssl pkey -in … -out …), readable to Prism's user only",
    ],
  },
  {
    what: "a key and a certificate that are broken",
    spoil: () =>
      write({
        "server.pem": issued.cert.replace(/\n.{20}/, "\n"),
        "server.key": issued.key.replace(/\n.{20}/, "\n"),
      }),
    told: [
      /^server\.tls\.cert: DIR\/server\.pem is broken \(ERR_OSSL_\w+\): write it anew$/,
      /^server\.tls\.key: DIR\/server\.key is broken \(ERR_OSSL_\w+\): write it anew$/,
    ],
  },
  {
    what: "a certificate where the key should be, and the other way round",
    spoil: () => write({ "server.pem": issued.key, "server.key": issued.cert }),
    told: [
      "server.tls.cert: DIR/server.pem holds no certificate as PEM, but a private key: name the file that begins with BEGIN CERTIFICATE",
      "server.tls.key: DIR/server.key holds no private key as PEM: name the file that begins with BEGIN PRIVATE KEY",
    ],
  },
  {
    what: "files that are not there, are none, or are too large",
    spoil: async () => {
      await Promise.all(["server.pem", "server.key"].map((name) => rm(join(directory, name))));
      await mkdir(join(directory, "server.key"));
      await write({ "clients.pem": "x".repeat(5 * 1024 * 1024) });
    },
    told: [
      "server.tls.cert: DIR/server.pem cannot be read: it is not there (ENOENT); check the path, which begins at the directory of the configuration",
      "server.tls.key: DIR/server.key is no file: name the one that holds the PEM",
      "server.tls.client_ca: DIR/clients.pem is larger than 4194304 bytes: is it the right one?",
    ],
  },
];

test.each(spoilt)("$what: told with the key, the file and what to do", async ({ spoil, told }) => {
  await spoil();

  const lines = await read();

  expect(lines).toHaveLength(told.length);
  for (const [index, line] of told.entries())
    if (typeof line === "string") expect(lines).toHaveProperty([index], line);
    else expect(lines).toHaveProperty([index], expect.stringMatching(line));
});

test("a certificate that OpenSSL holds to be unsafe is told with why", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 512 });
  await write({
    "server.pem": await authority.certify(publicKey.export({ type: "spki", format: "der" })),
    "server.key": privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  });

  expect(await read()).toEqual([
    "server.tls.cert: DIR/server.pem cannot be served (ee key too small): have a new one issued",
  ]);
});

test("a certificate that is not valid now is served all the same, and told", async () => {
  const dayMs = 86_400_000;

  const late = await read(Date.now() + 60 * dayMs);
  const early = await read(Date.now() - 30 * dayMs);

  expect(late).toMatchObject({
    warnings: [expect.stringMatching(/server\.pem holds a certificate that has expired/)],
  });
  expect(early).toMatchObject({
    warnings: [
      expect.stringMatching(/^server\.tls\.cert: .* is not valid yet \(from .*\)$/),
      expect.stringMatching(/^server\.tls\.client_ca: .* is not valid yet/),
    ],
  });
});
