import type { DescMethod } from "@bufbuild/protobuf";
import { Health } from "../../../protocol/gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../../protocol/gen/grpc/reflection/v1/reflection_pb.js";
import type { LocalMethod } from "../route/method.js";

const reflection = localMethod(ServerReflection.method.serverReflectionInfo, true);

/**
 * Every method that Prism answers itself. Health is asked of Prism as a whole, whatever namespace a call names: services
 * are named in its messages. Reflection is there as v1alpha too, which is the same by another name and the only one that
 * older clients know.
 */
export const localMethods: readonly LocalMethod[] = [
  ...Object.values(Health.method).map((method) => localMethod(method, false)),
  reflection,
  { ...reflection, path: reflection.path.replace(".v1.", ".v1alpha.") },
];

function localMethod({ parent, name }: DescMethod, isNamespaced: boolean): LocalMethod {
  const operation = `${parent.typeName}/${name}`;
  return { kind: "local", path: `/${operation}`, operation, isNamespaced };
}
