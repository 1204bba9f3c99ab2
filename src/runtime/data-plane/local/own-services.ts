import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { file_google_rpc_error_details } from "../../../protocol/gen/google/rpc/error_details_pb.js";
import { file_google_rpc_status } from "../../../protocol/gen/google/rpc/status_pb.js";
import { Health } from "../../../protocol/gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../../protocol/gen/grpc/reflection/v1/reflection_pb.js";
import { Data } from "../../../protocol/gen/prism/data/v1/data_pb.js";
import { typedServices } from "../../../protocol/index.js";
import { Descriptors, readFiles } from "./descriptors.js";

const services: readonly DescService[] = [Data, ...typedServices, Health, ServerReflection];
/** What failures carry in `grpc-status-details-bin`. */
const ofFailures: readonly DescFile[] = [file_google_rpc_status, file_google_rpc_error_details];

/** The services that clients may call at Prism whatever is plugged in, by their full names. */
export const ownServices: readonly string[] = services.map(({ typeName }) => typeName);

let described: Descriptors | undefined;

/** What describes them, and all that they import. Worked out when it is first asked for. */
export function ownDescriptors(): Descriptors {
  return (described ??= describe([...services.map(({ file }) => file), ...ofFailures]));
}

function describe(files: readonly DescFile[]): Descriptors {
  const bytes = withImports(files).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return new Descriptors(readFiles(bytes));
}

function withImports(files: readonly DescFile[], found = new Set<DescFile>()): DescFile[] {
  for (const file of files) {
    if (found.has(file)) continue;
    found.add(file);
    withImports(file.dependencies, found);
  }
  return [...found];
}
