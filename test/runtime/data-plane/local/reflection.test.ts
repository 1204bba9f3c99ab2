import { create, createFileRegistry, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
} from "../../../../src/protocol/gen/grpc/reflection/v1/reflection_pb.js";
import type { Route } from "../../../../src/runtime/model/route-table.js";
import { Proxied } from "../proxied.js";
import { RawClient } from "../raw-client.js";
import { LocalTestCall, type LocalCallOptions } from "./local-client.js";

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;
type File = MessageInitShape<typeof FileDescriptorProtoSchema>;

const own = [
  "prism.data.v1.Data",
  "prism.keyvalue.v1.KeyValue",
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
];
const orders: LocalCallOptions = { headers: { "prism-namespace": "orders" } };
const listServices: Question = { case: "listServices", value: "" };
const symbol = (value: string): Question => ({ case: "fileContainingSymbol", value });
const fileName = (value: string): Question => ({ case: "fileByFilename", value });

const invoices: File = {
  name: "acme/invoices.proto",
  package: "acme.v1",
  syntax: "proto3",
  dependency: ["acme/money.proto", "google/protobuf/any.proto"],
  messageType: [
    {
      name: "PayRequest",
      field: [
        { name: "amount", number: 1, label: Label.OPTIONAL, type: Type.MESSAGE, typeName: ".acme.v1.Money" },
      ],
    },
  ],
  service: [
    {
      name: "Invoices",
      method: [{ name: "Pay", inputType: ".acme.v1.PayRequest", outputType: ".google.protobuf.Any" }],
    },
  ],
};
const money: File = {
  name: "acme/money.proto",
  package: "acme.v1",
  syntax: "proto3",
  messageType: [{ name: "Money" }],
  extension: [
    {
      name: "unit",
      extendee: ".google.protobuf.FieldOptions",
      number: 50_001,
      label: Label.OPTIONAL,
      type: Type.STRING,
    },
  ],
  dependency: ["google/protobuf/descriptor.proto"],
};

let prism: Proxied;
let raw: RawClient;
beforeEach(async () => {
  prism = await Proxied.start();
  raw = await RawClient.connect(prism.port);
  declare(["acme.v1.Invoices"], [encode(invoices), encode(money)]);
});
afterEach(async () => {
  raw.vanish();
  await prism.stop();
});

function encode(file: File): Uint8Array {
  return toBinary(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, file));
}

/** The plugin of "orders" declares this; that of "others" declares nothing. */
function declare(services: readonly string[], files: readonly Uint8Array[]): void {
  const instance = { id: "orders-1", socket: prism.socket, token: "" };
  const fileDescriptors = files.map((bytes) => Buffer.from(bytes).toString("base64"));
  const route: Route = {
    namespace: "orders",
    instance,
    operations: [],
    services,
    fileDescriptors,
    deadlineMs: 0,
  };
  prism.routes([route, { ...route, namespace: "others", services: [], fileDescriptors: [] }]);
}

function begin(options?: LocalCallOptions) {
  return new LocalTestCall(raw, ServerReflection.method.serverReflectionInfo, options);
}

/** Asks in one call, and gives its answers. */
async function ask(questions: readonly Question[], options?: LocalCallOptions) {
  const call = begin(options);
  for (const messageRequest of questions) call.send({ messageRequest });
  call.raw.send(Buffer.alloc(0));
  expect(await call.result).toMatchObject({ status: "0" });
  return call.answers.map(({ messageResponse }) => messageResponse);
}

async function servicesOf(options?: LocalCallOptions): Promise<string[]> {
  const [answer] = await ask([listServices], options);
  return answer?.case === "listServicesResponse" ? answer.value.service.map(({ name }) => name) : [];
}

/** The files of an answer; an answer that is none has no files. */
function filesIn(answer: Awaited<ReturnType<typeof ask>>[number] | undefined): FileDescriptorProto[] {
  if (answer?.case !== "fileDescriptorResponse") return [];
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

async function namesOf(question: Question, options?: LocalCallOptions): Promise<string[]> {
  const [answer] = await ask([question], options);
  return filesIn(answer).map(({ name }) => name);
}

describe("server reflection", () => {
  test("lists Prism's own services, and those that the plugin of the call's namespace declares", async () => {
    expect(await servicesOf()).toEqual(own);
    expect(await servicesOf({ headers: { "prism-namespace": "others" } })).toEqual(own);
    expect(await servicesOf({ headers: { "prism-namespace": "none" } })).toEqual(own);
    expect(await servicesOf(orders)).toEqual([...own, "acme.v1.Invoices"]);
  });

  test("describes every own service so that a client needs nothing else", async () => {
    for (const service of own) {
      const [answer] = await ask([symbol(service)]);

      const files = create(FileDescriptorSetSchema, { file: filesIn(answer).toReversed() });
      expect(createFileRegistry(files).getService(service)?.methods.length).toBeGreaterThan(0);
    }
  });

  test.each([
    ["prism.keyvalue.v1.KeyValue.Get", "prism/keyvalue/v1/keyvalue.proto"],
    ["prism.keyvalue.v1.GetRequest", "prism/keyvalue/v1/keyvalue.proto"],
    ["prism.plugin.ExecuteRequest", "prism/plugin/plugin.proto"],
    ["google.rpc.ErrorInfo", "google/rpc/error_details.proto"],
    ["google.rpc.Status", "google/rpc/status.proto"],
    ["google.protobuf.Any", "google/protobuf/any.proto"],
    ["grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto"],
  ])("finds %s in %s", async (name, file) => {
    expect((await namesOf(symbol(name)))[0]).toBe(file);
    expect((await namesOf(fileName(file)))[0]).toBe(file);
  });

  test("sends a file's imports along, and none of them twice in a call", async () => {
    const [data, again, plugin] = await ask([
      symbol("prism.data.v1.Data"),
      symbol("prism.data.v1.Data"),
      fileName("google/protobuf/any.proto"),
    ]);

    expect(filesIn(data).map(({ name }) => name)).toEqual([
      "prism/data/v1/data.proto",
      "prism/plugin/plugin.proto",
      "google/protobuf/any.proto",
    ]);
    expect(filesIn(again).map(({ name }) => name)).toEqual(["prism/data/v1/data.proto"]);
    expect(filesIn(plugin).map(({ name }) => name)).toEqual(["google/protobuf/any.proto"]);
  });

  test("says of what it does not know that it is not there, and goes on", async () => {
    const extension: Question = {
      case: "fileContainingExtension",
      value: { containingType: "prism.keyvalue.v1.GetRequest", extensionNumber: 7 },
    };
    const answers = await ask([
      symbol("acme.v1.Invoices"),
      fileName("constructor"),
      extension,
      { case: "allExtensionNumbersOfType", value: "acme.Nothing" },
      listServices,
    ]);

    expect(answers.slice(0, 4).map((answer) => answer.value)).toMatchObject(
      Array(4).fill({ errorCode: 5, errorMessage: expect.stringContaining("no ") as string }),
    );
    expect(answers[4]?.case).toBe("listServicesResponse");
  });

  test("repeats the question and the host in each answer, and refuses one that asks for nothing", async () => {
    const call = begin().send({ host: "prism", messageRequest: listServices }).send({ host: "prism" }, true);
    await call.result;

    expect(call.answers).toMatchObject([
      { validHost: "prism", originalRequest: { host: "prism", messageRequest: listServices } },
      { messageResponse: { case: "errorResponse", value: { errorCode: 3 } } },
    ]);
  });

  test("answers by its older name too", async () => {
    const path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

    expect(await servicesOf({ ...orders, path })).toEqual([...own, "acme.v1.Invoices"]);
    expect(prism.counted("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "OK", "(prism)")).toBe(
      1,
    );
  });
});

describe("what a plugin describes", () => {
  test("is found by those who name its namespace, with what it imports, of Prism's too", async () => {
    const [answer] = await ask([symbol("acme.v1.Invoices")], orders);

    expect(filesIn(answer).map(({ name }) => name)).toEqual([
      "acme/invoices.proto",
      "acme/money.proto",
      "google/protobuf/any.proto",
    ]);
    expect(await namesOf(symbol("acme.v1.Money"), orders)).toEqual(["acme/money.proto"]);
    expect(await namesOf(symbol("acme.v1.Invoices"), { headers: { "prism-namespace": "others" } })).toEqual(
      [],
    );
  });

  test("may add fields to messages", async () => {
    const containingType = "acme.v1.Extended";
    const extendable: File = {
      name: "acme/extended.proto",
      package: "acme.v1",
      messageType: [{ name: "Extended", extensionRange: [{ start: 100, end: 200 }] }],
      extension: [
        {
          name: "more",
          extendee: `.${containingType}`,
          number: 150,
          label: Label.OPTIONAL,
          type: Type.STRING,
        },
      ],
    };
    declare([], [encode(extendable)]);

    const [file, numbers] = await ask(
      [
        { case: "fileContainingExtension", value: { containingType, extensionNumber: 150 } },
        { case: "allExtensionNumbersOfType", value: containingType },
      ],
      orders,
    );

    expect(filesIn(file).map(({ name }) => name)).toEqual(["acme/extended.proto"]);
    expect(numbers?.value).toMatchObject({ baseTypeName: containingType, extensionNumber: [150] });
  });

  test("is what the namespace's plugin says now, within a call as well", async () => {
    const call = begin(orders).send({ messageRequest: symbol("acme.v2.New") });
    await call.untilAnswers(1);

    declare(["acme.v2.New"], [encode({ name: "new.proto", package: "acme.v2", service: [{ name: "New" }] })]);
    call.send({ messageRequest: symbol("acme.v2.New") }, true);
    await call.result;

    expect(call.answers.map(({ messageResponse }) => messageResponse.case)).toEqual([
      "errorResponse",
      "fileDescriptorResponse",
    ]);
  });

  const forged = "forged.proto";
  const hostile: Readonly<Record<string, readonly Uint8Array[]>> = {
    garbage: [Buffer.from("garbage"), Buffer.alloc(100_000, 0xff), new Uint8Array()],
    "Prism's own services": [
      encode({
        name: forged,
        package: "prism.keyvalue.v1",
        service: [{ name: "KeyValue", method: [{ name: "Steal" }] }],
      }),
    ],
    "Prism's own names without their package": [
      encode({ name: forged, service: [{ name: "prism.keyvalue.v1.KeyValue" }] }),
    ],
    "files named as Prism's own": [
      encode({ name: "prism/keyvalue/v1/keyvalue.proto", package: "acme", service: [{ name: "KeyValue" }] }),
    ],
    "imports in a circle": [
      encode({ name: "a.proto", dependency: ["b.proto"], messageType: [{ name: "A" }] }),
      encode({ name: "b.proto", dependency: ["a.proto", "nowhere.proto"], messageType: [{ name: "B" }] }),
    ],
    "hundreds of thousands of names": [
      Buffer.concat([encode({ name: forged }), Buffer.alloc(250_000, Buffer.from([0x22, 3, 0x0a, 1, 0x41]))]),
    ],
  };

  test.each(Object.keys(hostile))("hurts nobody, though it is %s", async (what) => {
    declare(["acme.v1.Invoices"], hostile[what] ?? []);

    const [keyValue] = await ask([symbol("prism.keyvalue.v1.KeyValue")], orders);
    const [file] = filesIn(keyValue);
    const forgedFiles = await namesOf(symbol("prism.keyvalue.v1.KeyValue.Steal"), orders);

    expect(file?.name).toBe("prism/keyvalue/v1/keyvalue.proto");
    expect(file?.service[0]?.method.length).toBeGreaterThan(1);
    expect(forgedFiles).toEqual([]);
    expect(await servicesOf(orders)).toEqual([...own, "acme.v1.Invoices"]);
    const found = await namesOf(symbol("A"), orders);
    expect(found).toEqual(what === "imports in a circle" ? ["a.proto", "b.proto"] : []);
  });
});
