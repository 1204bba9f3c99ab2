import { type ChalkInstance, Chalk } from "chalk";

/** Whether a person reads along: tables, task lists and readable text are for them, plain lines for everything else. */
export function isTerminal(stream: NodeJS.WriteStream = process.stdout): boolean {
  return stream.isTTY;
}

/** Colours for a stream; none where it is no terminal, nor where NO_COLOR is set. */
export function palette(stream: NodeJS.WriteStream = process.stdout): ChalkInstance {
  const plain = !isTerminal(stream) || (process.env.NO_COLOR ?? "") !== "";
  return plain ? new Chalk({ level: 0 }) : new Chalk();
}
