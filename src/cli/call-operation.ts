import { buffer } from "node:stream/consumers";
import { DataClient } from "./data-client.js";
import { executeRequest } from "./execute-request.js";
import type { Answer } from "./execute-response.js";
import { ExitCode } from "./exit-codes.js";
import { describe, repeat, type Tally } from "./repeat.js";
import { printable } from "../protocol/printable.js";
import { isTerminal, palette } from "./terminal.js";

/** A call as the operator wrote it. */
export interface WrittenCall {
  readonly namespace: string;
  readonly operation: string;
  /** JSON; "-" reads stdin. */
  readonly parameters?: string | undefined;
  readonly address: string;
  readonly key?: readonly string[] | undefined;
  readonly value?: readonly string[] | undefined;
  readonly expected?: string | undefined;
  readonly count?: number | undefined;
  readonly for?: number | undefined;
  readonly quiet: boolean;
}

/** Where answers go. */
export interface AnswerPrinting {
  readonly print: (line: string) => void;
  /** Nothing is printed before the end, so that the answers of a stream are kept until then. */
  readonly atTheEnd: boolean;
}

/** Makes a call, once or again and again; prints each answer, and the tally. Sets the exit code by how it went. */
export async function callOperation(
  written: WrittenCall,
  { print, atTheEnd }: AnswerPrinting,
): Promise<Answer["json"] | Tally> {
  const { operation, parameters } = written;
  const bytes = parameters === "-" ? await buffer(process.stdin) : parameters && Buffer.from(parameters);
  const request = executeRequest(operation, { ...written, bytes: bytes || undefined });
  const show = ({ json, texts }: Answer): void => {
    if (!written.quiet) print(lines(json, texts));
  };

  const client = new DataClient(written.address, written.namespace);
  return interruptibly(async (signal) => {
    const call = async (hear: (answer: Answer) => void): Promise<void> => {
      for await (const answer of client.call(request, signal)) hear(answer);
    };
    if (written.count !== undefined || written.for !== undefined) {
      const extent = { count: written.count, forMs: written.for };
      const tally = await repeat(() => call(show), extent, signal);
      print(describe(tally));
      if (tally.failed > 0) process.exitCode ??= ExitCode.failed;
      return tally;
    }
    const answers: Answer["json"][] = [];
    await call((answer) => {
      show(answer);
      if (atTheEnd) answers.push(answer.json);
    });
    return client.streams ? answers : alone(answers[0]);
  }).finally(() => client.close());
}

/** Lends a signal that Ctrl-C aborts; the exit code says so. */
async function interruptibly<T>(use: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    process.exitCode = ExitCode.interrupted;
    interrupt.abort();
  };
  process.once("SIGINT", onInterrupt);
  try {
    return await use(interrupt.signal);
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

/** oclif takes a text for JSON that is to be read. */
function alone(answer: Answer["json"] = {}): Answer["json"] {
  return typeof answer === "string" ? { text: answer } : answer;
}

function lines(json: Answer["json"], texts: readonly string[]): string {
  const line = printable(JSON.stringify(json));
  return isTerminal() ? [line, ...texts.map((each) => palette().cyan(printable(each)))].join("\n") : line;
}
