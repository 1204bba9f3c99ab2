import type { InitializeResponse } from "../../protocol/gen/prism/plugin/plugin_pb.js";
import { isServiceOfPlugins } from "../../protocol/index.js";

/** Every proxy holds what is declared, and gets it anew with each route table. */
const mostServices = 256;
const mostDescriptorBytes = 256 * 1024;

/** gRPC services of a plugin's own, as a route carries them. */
export interface DeclaredServices {
  /** Full names. */
  readonly services: readonly string[];
  /** Each a google.protobuf.FileDescriptorProto in base64. */
  readonly fileDescriptors: readonly string[];
}

/** What a plugin declares, and beside it what the configuration names. */
export function declaredServices(
  { services, fileDescriptors }: InitializeResponse,
  configured: readonly string[],
): DeclaredServices {
  return {
    services: [...new Set([...services, ...configured])],
    fileDescriptors: fileDescriptors.map((bytes) => Buffer.from(bytes).toString("base64")),
  };
}

/** What is wrong with what a plugin declares, as the end of a sentence; undefined where nothing is. */
export function problemOfServices({ services, fileDescriptors }: InitializeResponse): string | undefined {
  if (services.length > mostServices)
    return `declares ${services.length} services, and at most ${mostServices} are taken`;
  const wrong = services.find((name) => !isServiceOfPlugins(name));
  if (wrong !== undefined)
    return `declares the service "${wrong.slice(0, 100)}": expected a full name such as acme.billing.v1.Invoices, and not under prism.`;
  const bytes = fileDescriptors.reduce((sum, { length }) => sum + length, 0);
  if (bytes <= mostDescriptorBytes) return undefined;
  return `describes its services in ${bytes} bytes, and at most ${mostDescriptorBytes} are taken: leave file_descriptors out, or send fewer`;
}
