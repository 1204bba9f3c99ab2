import type { DescFile, DescService } from "@bufbuild/protobuf";
import { file_google_rpc_error_details } from "../../../protocol/gen/google/rpc/error_details_pb.js";
import { file_google_rpc_status } from "../../../protocol/gen/google/rpc/status_pb.js";
import { Health } from "../../../protocol/gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../../protocol/gen/grpc/reflection/v1/reflection_pb.js";
import { Data } from "../../../protocol/gen/prism/data/v1/data_pb.js";
import { serializedFiles, typedServices } from "../../../protocol/index.js";
import { Descriptors, readFiles } from "./descriptors.js";

const services: readonly DescService[] = [Data, ...typedServices, Health, ServerReflection];
/** What failures carry in `grpc-status-details-bin`. */
const ofFailures: readonly DescFile[] = [file_google_rpc_status, file_google_rpc_error_details];

/** The services that clients may call at Prism whatever is plugged in, by their full names. */
export const ownServices: readonly string[] = services.map(({ typeName }) => typeName);

let described: Descriptors | undefined;

/** What describes them, and all that they import. Worked out when it is first asked for. */
export function ownDescriptors(): Descriptors {
  const files = [...services.map(({ file }) => file), ...ofFailures];
  return (described ??= new Descriptors(readFiles(serializedFiles(files))));
}
