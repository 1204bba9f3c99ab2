import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { PrismError, systemCodeOf, systemProblem } from "../../../protocol/index.js";
import type { TlsSettings } from "../../config/index.js";
import type { TlsMaterial } from "../../model/tls-material.js";

/** Room for every authority that there is. */
const largestFile = 4 * 1024 * 1024;

/** TLS as its files have it, good to be served. */
export interface TlsFiles {
  readonly material: TlsMaterial;
  /** What clients will not take, as sentences: a certificate that is not valid now. */
  readonly warnings: readonly string[];
}

/**
 * Reads the files of `server.tls` and sees whether TLS can be served with them. Rejects with a PrismError that tells
 * everything that is wrong, a line each, with the key, the file, and what to do about it.
 */
export async function readTlsFiles(settings: TlsSettings, now = Date.now()): Promise<TlsFiles> {
  const { clientAuth } = settings;
  const [cert, key, clientCa] = await Promise.all([
    readPem("cert", settings.cert, readCertificates),
    readPem("key", settings.key, readKey),
    settings.clientCa === undefined ? undefined : readPem("client_ca", settings.clientCa, readCertificates),
  ]);
  const read = [cert, key, ...(clientCa ? [clientCa] : [])];
  const problems = read.flatMap((file) => ("problem" in file ? [file.problem] : []));
  if ("problem" in cert || "problem" in key || (clientCa && "problem" in clientCa)) throw unfit(problems);

  const mismatch = mismatchOf(cert, key);
  if (mismatch !== undefined) throw unfit([mismatch]);
  const material = { cert: cert.pem, key: key.pem, clientCa: clientCa?.pem ?? "", clientAuth };
  checkContext(material, settings);
  const warnings = [cert, ...(clientCa ? [clientCa] : [])].flatMap((file) => validityOf(file, now));
  return { material, warnings };
}

/** A file that was read. */
interface Pem<Value> {
  /** The key of the configuration that names it. */
  readonly key: string;
  readonly file: string;
  readonly pem: string;
  readonly value: Value;
}

async function readPem<Value>(
  key: string,
  file: string,
  read: (pem: string) => Value,
): Promise<Pem<Value> | { readonly problem: string }> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new UnfitFile("is no file: name the one that holds the PEM");
    if (found.size > largestFile)
      throw new UnfitFile(`is larger than ${largestFile} bytes: is it the right one?`);
    const pem = await readFile(file, "latin1");
    return { key: `server.tls.${key}`, file, pem, value: read(pem) };
  } catch (reason) {
    return { problem: `server.tls.${key}: ${file} ${sentenceFor(reason)}` };
  }
}

/** Why a file is not what it should be, and what to do; the message goes on after the file's name. */
class UnfitFile extends Error {}

function readCertificates(pem: string): readonly [X509Certificate, ...X509Certificate[]] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  const [first, ...rest] = blocks.map((block) => new X509Certificate(block));
  if (first !== undefined) return [first, ...rest];
  const hint = pem.includes("PRIVATE KEY-----") ? ", but a private key" : "";
  throw new UnfitFile(`holds no certificate as PEM${hint}: name the file that begins with BEGIN CERTIFICATE`);
}

function readKey(pem: string): KeyObject {
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(pem)) {
    throw new UnfitFile(
      "is encrypted, and nobody is there to say its passphrase: write it without one (openssl pkey -in … -out …), readable to Prism's user only",
    );
  }
  if (!pem.includes("PRIVATE KEY-----")) {
    throw new UnfitFile("holds no private key as PEM: name the file that begins with BEGIN PRIVATE KEY");
  }
  return createPrivateKey(pem);
}

function sentenceFor(reason: unknown): string {
  if (reason instanceof UnfitFile) return reason.message;
  const code = systemCodeOf(reason);
  if (code.startsWith("ERR_OSSL")) return `is broken (${code}): write it anew`;
  const { why, remedy } = systemProblem(reason, here);
  return `cannot be read: ${why}${code === "" ? "" : ` (${code})`}; ${remedy}`;
}

const here = {
  ENOENT: ["it is not there", "check the path, which begins at the directory of the configuration"],
} as const;

function mismatchOf(cert: Pem<readonly X509Certificate[]>, key: Pem<KeyObject>): string | undefined {
  const owner = cert.value.findIndex((certificate) => certificate.checkPrivateKey(key.value));
  if (owner === 0) return undefined;
  const which = `${key.key}: ${key.file}`;
  return owner > 0
    ? `${which} belongs to certificate ${owner + 1} of ${cert.file}: the server's own must be its first`
    : `${which} does not belong to the certificate in ${cert.file}: name the two that were made together`;
}

/** What OpenSSL finds beyond that, such as a key that is too short to be safe. */
function checkContext({ cert, key, clientCa }: TlsMaterial, settings: TlsSettings): void {
  try {
    createSecureContext({ cert, key, ...(clientCa === "" ? {} : { ca: clientCa }) });
  } catch (reason) {
    const why = reason instanceof Error && "reason" in reason ? String(reason.reason) : String(reason);
    throw unfit([`server.tls.cert: ${settings.cert} cannot be served (${why}): have a new one issued`]);
  }
}

function validityOf({ key, file, value }: Pem<readonly X509Certificate[]>, now: number): string[] {
  return value.flatMap(({ validFrom, validTo }) => {
    if (Date.parse(validTo) < now)
      return [`${key}: ${file} holds a certificate that has expired (${validTo}): clients will not take it`];
    if (Date.parse(validFrom) > now)
      return [`${key}: ${file} holds a certificate that is not valid yet (from ${validFrom})`];
    return [];
  });
}

function unfit(problems: readonly string[]): PrismError {
  return new PrismError("invalidConfig", problems.join("\n"));
}
