import { create, toBinary } from "@bufbuild/protobuf";
import {
  HealthCheckResponseSchema,
  InitializeResponseSchema,
  ShutdownResponseSchema,
} from "../../src/protocol/gen/prism/plugin/plugin_pb.js";
import { framed, smallService } from "./messages.js";

const service = "/prism.plugin.BackendPlugin/";
const supportedOperations = ["get", "put", "fetch"];

/** What the plugins of the bench answer to all calls but Execute, by path. */
export const lifeCycle: ReadonlyMap<string, Buffer> = new Map([
  [
    `${service}Initialize`,
    framed(
      toBinary(
        InitializeResponseSchema,
        create(InitializeResponseSchema, { success: true, supportedOperations, services: [smallService] }),
      ),
    ),
  ],
  [`${service}HealthCheck`, framed(toBinary(HealthCheckResponseSchema, create(HealthCheckResponseSchema)))],
  [
    `${service}Shutdown`,
    framed(toBinary(ShutdownResponseSchema, create(ShutdownResponseSchema, { success: true }))),
  ],
]);
