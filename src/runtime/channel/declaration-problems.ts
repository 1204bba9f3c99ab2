import type { InitializeResponse } from "../../protocol/gen/prism/plugin/plugin_pb.js";
import { problemOfServices } from "./declared-services.js";

/** Every proxy holds what is declared, and gets it anew with each route table; metrics count by it. */
const mostOperations = 1_024;
const mostNameBytes = 255;
const mostOperationBytes = 64 * 1024;
const mostVersionBytes = 255;
const mostSecretPaths = 256;
const mostPathBytes = 255;

/** What a plugin that answered `Initialize` told too much of, or wrongly, as the end of a sentence; undefined where nothing is. */
export function problemOfDeclaration(response: InitializeResponse): string | undefined {
  return (
    problemOfVersion(response) ??
    problemOfOperations(response) ??
    problemOfServices(response) ??
    problemOfSecrets(response)
  );
}

function problemOfVersion({ pluginVersion }: InitializeResponse): string | undefined {
  const bytes = Buffer.byteLength(pluginVersion);
  if (bytes <= mostVersionBytes) return undefined;
  return `tells a version of ${bytes} bytes, and at most ${mostVersionBytes} are taken: send one such as "1.4.0"`;
}

function problemOfOperations({ supportedOperations, operations }: InitializeResponse): string | undefined {
  const count = Math.max(supportedOperations.length, operations.length);
  if (count > mostOperations) return `declares ${count} operations, and at most ${mostOperations} are taken`;
  const texts = [...supportedOperations, ...operations.flatMap(({ name, pattern }) => [name, pattern])];
  let sum = 0;
  for (const text of texts) {
    const bytes = Buffer.byteLength(text);
    sum += bytes;
    if (bytes > mostNameBytes)
      return `declares the operation or pattern "${text.slice(0, 100)}…" of ${bytes} bytes, and a name has at most ${mostNameBytes}`;
  }
  if (sum <= mostOperationBytes) return undefined;
  return `declares operations whose names have ${sum} bytes, and at most ${mostOperationBytes} are taken: declare fewer, or shorter names`;
}

function problemOfSecrets({ secretConfig }: InitializeResponse): string | undefined {
  const count = secretConfig.length;
  if (count > mostSecretPaths)
    return `tells ${count} places of secrets in its config, and at most ${mostSecretPaths} are taken`;
  const long = secretConfig.find((path) => Buffer.byteLength(path) > mostPathBytes);
  if (long === undefined) return undefined;
  return `tells the place of a secret "${long.slice(0, 100)}…" of ${Buffer.byteLength(long)} bytes, and a path has at most ${mostPathBytes}`;
}
