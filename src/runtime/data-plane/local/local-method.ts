import type { DescMethod } from "@bufbuild/protobuf";
import type { Answers, Conversation } from "./conversation.js";
import type { LocalServices } from "./local-services.js";

/** What a conversation may ask. */
export interface Asked {
  /** The namespace of the call, for a method that is asked of a namespace; empty = Prism as a whole. */
  readonly namespace: string;
  readonly services: LocalServices;
}

/** Begins to answer a call. */
export type Converse = (answers: Answers, asked: Asked) => Conversation;

/** A method that Prism answers itself. */
export interface LocalMethod {
  readonly kind: "local";
  readonly path: string;
  /** The full name of the method: "grpc.health.v1.Health/Check". */
  readonly operation: string;
  /** Whether it is asked of the call's namespace, where that names one. */
  readonly isNamespaced: boolean;
  readonly converse: Converse;
}

/** A method of a service as it is defined. */
export function localMethod(
  { parent, name }: DescMethod,
  how: Pick<LocalMethod, "isNamespaced" | "converse">,
): LocalMethod {
  const operation = `${parent.typeName}/${name}`;
  return { kind: "local", path: `/${operation}`, operation, ...how };
}
