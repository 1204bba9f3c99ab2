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
