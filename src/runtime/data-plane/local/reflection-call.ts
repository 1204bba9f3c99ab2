import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "../../../protocol/gen/grpc/reflection/v1/reflection_pb.js";
import { Code } from "../../../protocol/index.js";
import { type Answers, type Conversation, decode } from "./conversation.js";
import type { DescriptorFile, Descriptors } from "./descriptors.js";
import type { Asked, Converse } from "./converse.js";
import type { Reflection } from "./reflection.js";

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/** grpc.reflection.v1.ServerReflection; by operation, which v1alpha shares. */
export const reflectionConversations: readonly (readonly [operation: string, Converse])[] = [
  [
    `${ServerReflection.typeName}/${ServerReflection.method.serverReflectionInfo.name}`,
    (answers, asked) => new ReflectionCall(answers, asked),
  ],
];

/** Answers question by question. What is not known is an answer, too, and the call goes on. */
class ReflectionCall implements Conversation {
  readonly #answers: Answers;
  readonly #namespace: string;
  readonly #reflection: Reflection;
  /** Names of the files that this client has been sent. */
  readonly #sent = new Set<string>();

  constructor(answers: Answers, { namespace, services }: Asked) {
    this.#answers = answers;
    this.#namespace = namespace;
    this.#reflection = services.reflection;
  }

  onMessage(message: Buffer): void {
    const request = decode(ServerReflectionRequestSchema, message);
    const messageResponse = this.#answer(request.messageRequest);
    const { host: validHost } = request;
    const response = create(ServerReflectionResponseSchema, {
      validHost,
      originalRequest: request,
      messageResponse,
    });
    this.#answers.send(toBinary(ServerReflectionResponseSchema, response));
  }

  onEnd(): void {
    this.#answers.end();
  }

  onRead(): void {
    // It says nothing unasked.
  }

  onShutdown(): void {
    // It has no last word.
  }

  onClose(): void {
    // It holds nothing.
  }

  #answer(asked: ServerReflectionRequest["messageRequest"]): Answer {
    switch (asked.case) {
      case "listServices":
        return listed(this.#reflection.services(this.#namespace));
      case "fileByFilename":
        return this.#file(`file "${asked.value}"`, (known) => known.named(asked.value));
      case "fileContainingSymbol":
        return this.#file(`symbol "${asked.value}"`, (known) => known.describing(asked.value));
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = asked.value;
        const what = `extension ${extensionNumber} of "${containingType}"`;
        return this.#file(what, (known) => known.extending(containingType, extensionNumber));
      }
      case "allExtensionNumbersOfType":
        return this.#extensions(asked.value);
      case undefined:
        return failure(Code.INVALID_ARGUMENT, "the request asks for nothing that is known here");
    }
  }

  #file(what: string, find: (known: Descriptors) => DescriptorFile | undefined): Answer {
    for (const known of this.#reflection.descriptors(this.#namespace)) {
      const file = find(known);
      if (!file) continue;
      const value = { fileDescriptorProto: known.withImports(file, this.#sent) };
      return { case: "fileDescriptorResponse", value };
    }
    return this.#unknown(what);
  }

  #extensions(baseTypeName: string): Answer {
    const all = this.#reflection.descriptors(this.#namespace);
    if (!all.some((known) => known.describing(baseTypeName))) return this.#unknown(`type "${baseTypeName}"`);
    const extensionNumber = [...new Set(all.flatMap((known) => known.extensionsOf(baseTypeName)))];
    return { case: "allExtensionNumbersResponse", value: { baseTypeName, extensionNumber } };
  }

  #unknown(what: string): Answer {
    const whose =
      this.#namespace === ""
        ? "Prism's own services (name a namespace by the header \"prism-namespace\" to see its plugin's)"
        : `Prism's own services and those that the plugin of namespace "${this.#namespace}" describes`;
    return failure(Code.NOT_FOUND, `no ${what} among ${whose}`);
  }
}

function listed(names: readonly string[]): Answer {
  return { case: "listServicesResponse", value: { service: names.map((name) => ({ name })) } };
}

function failure(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
