import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 86_400_000;

/** A certificate and its key, as PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is to say. */
export interface CertificateWish {
  readonly name?: string;
  /** A client's; else a server's, for localhost and 127.0.0.1. */
  readonly clientUri?: string;
  /** Days from now; in the past where it has expired. */
  readonly validDays?: number;
}

/** A certificate authority of a test's own. */
export class TestAuthority {
  /** Its own certificate, as PEM. */
  readonly cert: string;
  readonly #name: string;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(name: string, keys: webcrypto.CryptoKeyPair, cert: string) {
    this.#name = name;
    this.#keys = keys;
    this.cert = cert;
  }

  static async create(name = "CN=Prism tests"): Promise<TestAuthority> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      ...validity(365),
      name,
      keys,
      signingAlgorithm: algorithm,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return new TestAuthority(name, keys, certificate.toString("pem"));
  }

  /** A certificate for new keys. */
  async issue(wish: CertificateWish = {}): Promise<Issued> {
    const keys = await newKeys();
    const [key, spki] = await Promise.all([
      webcrypto.subtle.exportKey("pkcs8", keys.privateKey),
      webcrypto.subtle.exportKey("spki", keys.publicKey),
    ]);
    const cert = await this.certify(Buffer.from(spki), wish);
    return { cert, key: PemConverter.encode(key, "PRIVATE KEY") };
  }

  /** A certificate for somebody's public key, as PEM. */
  async certify(
    publicKey: Uint8Array,
    { name = "CN=localhost", clientUri, validDays = 30 }: CertificateWish = {},
  ): Promise<string> {
    const { clientAuth, serverAuth } = ExtendedKeyUsage;
    const names = clientUri
      ? [{ type: "url" as const, value: clientUri }]
      : [
          { type: "dns" as const, value: "localhost" },
          { type: "ip" as const, value: "127.0.0.1" },
        ];
    const certificate = await X509CertificateGenerator.create({
      ...validity(validDays),
      subject: name,
      issuer: this.#name,
      publicKey: Uint8Array.from(publicKey).buffer,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new SubjectAlternativeNameExtension(names),
        new ExtendedKeyUsageExtension([clientUri ? clientAuth : serverAuth]),
      ],
    });
    return certificate.toString("pem");
  }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const end = Date.now() + days * dayMs;
  return { notBefore: new Date(Math.min(Date.now(), end) - dayMs), notAfter: new Date(end) };
}
