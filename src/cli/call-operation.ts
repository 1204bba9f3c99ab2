import { text } from "node:stream/consumers";
import { DataClient } from "./data-client.js";
import { executeRequest } from "./execute-request.js";
import type { Answer } from "./execute-response.js";
import { ExitCode } from "./exit-codes.js";
import { describe, repeat, type Tally } from "./repeat.js";
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

/** Makes a call, once or again and again; prints each answer, and the tally. Sets the exit code by how it went. */
export async function callOperation(
  written: WrittenCall,
  print: (line: string) => void,
): Promise<Answer["json"] | Tally> {
  const { operation, parameters } = written;
  const json = parameters === "-" ? await text(process.stdin) : parameters;
  const request = executeRequest(operation, { ...written, json });
  const show = ({ json, texts }: Answer): void => {
    if (!written.quiet) print(lines(json, texts));
  };

  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    process.exitCode = ExitCode.interrupted;
    interrupt.abort();
  };
  process.once("SIGINT", onInterrupt);
  const client = new DataClient(written.address, written.namespace);
  const call = (): Promise<Answer> => client.execute(request, interrupt.signal);
  try {
    if (written.count === undefined && written.for === undefined) {
      const answer = await call();
      show(answer);
      // oclif takes a text for JSON that is to be read.
      return typeof answer.json === "string" ? { text: answer.json } : answer.json;
    }
    const extent = { count: written.count, forMs: written.for };
    const tally = await repeat(async () => show(await call()), extent, interrupt.signal);
    print(describe(tally));
    if (tally.failed > 0) process.exitCode ??= ExitCode.failed;
    return tally;
  } finally {
    process.off("SIGINT", onInterrupt);
    client.close();
  }
}

function lines(json: Answer["json"], texts: readonly string[]): string {
  const line = JSON.stringify(json);
  return isTerminal() ? [line, ...texts.map((each) => palette().cyan(each))].join("\n") : line;
}
