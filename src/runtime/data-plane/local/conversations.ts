import type { LocalMethod } from "../route/method.js";
import type { Answers, Conversation } from "./conversation.js";
import type { Asked, Converse } from "./converse.js";
import { healthConversations } from "./health.js";
import { reflectionConversations } from "./reflection-call.js";

/** How each method that Prism answers itself is answered, by its operation. */
const conversations: ReadonlyMap<string, Converse> = new Map([
  ...healthConversations,
  ...reflectionConversations,
]);

/** Begins to answer a call of a method of Prism's own. */
export function converse({ operation }: LocalMethod, answers: Answers, asked: Asked): Conversation {
  const begin = conversations.get(operation);
  if (!begin) throw new Error(`nobody answers ${operation}`);
  return begin(answers, asked);
}
