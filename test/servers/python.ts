import { join } from "node:path";
import { pythonEnvironment } from "./python-environment.js";

const version = "1.85.1";

/** A Python that has grpcio and grpcio-tools: the path of its program. */
export function pythonWithGrpc(): string {
  const packages = [`grpcio==${version}`, `grpcio-tools==${version}`];
  return join(pythonEnvironment({ name: `python-grpcio-${version}`, packages }), "bin/python");
}
