import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type OwnPostgres, startOwnPostgres } from "../servers/postgres.js";
import { TestAuthority } from "../support/certificates.js";
import { temporaryDirectory } from "../support/temporary.js";
import { connected, openedPostgres } from "./opened-postgres.js";

let authority: TestAuthority;
let withTls: OwnPostgres;
let without: OwnPostgres;
let ca: string;
beforeAll(async () => {
  authority = await TestAuthority.create();
  // For `localhost` and 127.0.0.1; it trusts the authority's clients.
  const { cert, key } = await authority.issue();
  const files = { "server.crt": cert, "server.key": key, "clients.crt": authority.cert };
  const settings = ["ssl=on", "ssl_ca_file=clients.crt", "listen_addresses=127.0.0.1,127.0.0.2"];
  [withTls, without] = await Promise.all([startOwnPostgres({ files, settings }), startOwnPostgres()]);
}, 60_000);
afterAll(() => Promise.all([withTls.stop(), without.stop()]));
beforeEach(async () => {
  ca = join(await temporaryDirectory(), "ca.pem");
  writeFileSync(ca, authority.cert);
});

/** The address with these parameters, at another host name where one is given. */
function addressed(url: string, parameters: string, host = ""): string {
  return `${Object.assign(new URL(url), host && { hostname: host }).href}?${parameters}`;
}

/** Whether the plugin's connection to a server is encrypted. */
async function isEncrypted(url: string): Promise<unknown> {
  await using namespace = await openedPostgres({ url });
  await namespace.set("key", "value");
  await using owner = await connected(url.replace(/\?.*/, ""));
  const { rows } = await owner.query<{ ssl: boolean }>(
    "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'prism'",
  );
  return rows.map(({ ssl }) => ssl);
}

describe("sslmode means what it means to libpq", () => {
  test.each([
    ["disable", false],
    ["allow", false],
    ["prefer", true],
    ["require", true],
    ["no-verify", true],
  ])(
    "a server with TLS and sslmode=%s: encrypted %s, whoever signed its certificate",
    async (mode, expected) => {
      const url = await withTls.createDatabase();

      expect(await isEncrypted(addressed(url, `sslmode=${mode}`))).toEqual([expected]);
    },
  );

  test("is prefer where it is absent: TLS where there is some", async () => {
    expect(await isEncrypted(await withTls.createDatabase())).toEqual([true]);
    expect(await isEncrypted(await without.createDatabase())).toEqual([false]);
  });

  test.each(["prefer", "allow", "disable"])(
    "a server without TLS and sslmode=%s is served in plain text",
    async (mode) => {
      const url = await without.createDatabase();

      expect(await isEncrypted(addressed(url, `sslmode=${mode}`))).toEqual([false]);
    },
  );

  test.each(["verify-ca", "verify-full", "require"])(
    "%s takes a certificate that the named authority signed",
    async (mode) => {
      const url = await withTls.createDatabase();

      expect(await isEncrypted(addressed(url, `sslmode=${mode}&sslrootcert=${ca}`))).toEqual([true]);
    },
  );

  test("verify-ca looks at the signature alone, verify-full at the host's name too", async () => {
    // An address of this machine's that does not stand in the certificate.
    const at = (mode: string): string =>
      addressed(withTls.url, `sslmode=${mode}&sslrootcert=${ca}`, "127.0.0.2");

    await using namespace = await openedPostgres({ url: at("verify-ca") });
    const failed = openedPostgres({ url: at("verify-full") });

    await expect(failed).rejects.toThrow(/is for another host name: connect by a name that stands in it/);
    await namespace.set("key", "value");
  });
});

describe("a failure of TLS is told apart, with its remedy", () => {
  test("a server without TLS where TLS is required", async () => {
    const url = addressed(await without.createDatabase(), "sslmode=require");

    await expect(openedPostgres({ url })).rejects.toThrow(/speaks no TLS: turn on `ssl` there/);
  });

  test("an authority that is not trusted, with require as with verify-full", async () => {
    const stranger = await TestAuthority.create();
    writeFileSync(ca, stranger.cert);
    const url = await withTls.createDatabase();

    for (const mode of ["require", "verify-ca", "verify-full"]) {
      const failed = openedPostgres({ url: addressed(url, `sslmode=${mode}&sslrootcert=${ca}`) });
      await expect(failed).rejects.toThrow(/nobody that is trusted signed.*set sslrootcert=/);
    }
  });

  test("a certificate that has expired", async () => {
    const { cert, key } = await authority.issue({ validDays: -1 });
    const expired = await startOwnPostgres({
      files: { "server.crt": cert, "server.key": key },
      settings: ["ssl=on"],
    });

    const failed = openedPostgres({ url: addressed(expired.url, `sslmode=verify-full&sslrootcert=${ca}`) });

    await expect(failed).rejects.toThrow(/certificate has expired: renew it there/);
    await expired.stop();
  });

  test("a server that wants a certificate of ours", async () => {
    const hba = "hostssl all all all scram-sha-256 clientcert=verify-ca\n";
    const { cert, key } = await authority.issue();
    const files = {
      "server.crt": cert,
      "server.key": key,
      "clients.crt": authority.cert,
      "pg_hba.conf": hba,
    };
    const strict = await startOwnPostgres({ files, settings: ["ssl=on", "ssl_ca_file=clients.crt"] });
    const me = await authority.issue({ clientUri: "spiffe://prism" });
    const folder = await temporaryDirectory();
    writeFileSync(join(folder, "cert"), me.cert);
    writeFileSync(join(folder, "key"), me.key);

    const failed = openedPostgres({ url: addressed(strict.url, "sslmode=require") });
    await expect(failed).rejects.toThrow(/wants a certificate of ours.*set sslcert and sslkey/);
    const plain = openedPostgres({ url: addressed(strict.url, "sslmode=disable") });
    await expect(plain).rejects.toThrow(/by TLS only: set sslmode=require/);
    const own = `sslmode=require&sslcert=${folder}/cert&sslkey=${folder}/key`;
    await using namespace = await openedPostgres({ url: addressed(strict.url, own) });
    await namespace.set("key", "value");

    expect(await namespace.get("key")).toBe("value");
    await strict.stop();
  });
});

describe("a parameter of the connection string that would be without effect is refused, by its name", () => {
  test.each([
    ["sslmode=nonsense", /sslmode in config\.connection_string: expected disable \| allow \| prefer/],
    ["sslmode=require&sslmode=disable", /sslmode in config\.connection_string: it stands twice/],
    ["sslmod=require", /sslmod in config\.connection_string: it is unknown: there are .*sslmode/],
    ["sslmode=verify-ca", /verify-ca needs the authority's certificate: set sslrootcert=/],
    [
      "sslmode=require&sslrootcert=/nonexistent",
      /sslrootcert in config\.connection_string: \/nonexistent: it is not there/,
    ],
    [
      "sslmode=require&sslrootcert=/",
      /sslrootcert in config\.connection_string: \/: it cannot be read \(EISDIR\)/,
    ],
    ["sslmode=require&sslcert=/me.pem", /sslcert in config\.connection_string: it needs its key/],
    ["sslmode=require&sslrootcert=system", /system needs sslmode=verify-full/],
    ["sslnegotiation=direct", /direct needs sslmode=require/],
  ])("%s", async (parameters, sentence) => {
    await expect(openedPostgres({ url: addressed(without.url, parameters) })).rejects.toThrow(sentence);
  });

  test("and what may be the end of a password is not repeated", async () => {
    const url = "postgres://user:hunter?2secret@127.0.0.1/db";

    const failed = openedPostgres({ url });

    await expect(failed).rejects.toThrow(/in config\.connection_string: it is unknown/);
    await expect(failed).rejects.not.toThrow(/hunter|2secret/);
  });
});
