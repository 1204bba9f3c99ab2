import { pino, type DestinationStream, type Logger } from "pino";
import { printable, printableIn } from "../../protocol/index.js";
import type { LogSettings } from "../config/index.js";
import type { Log, LogFields } from "../model/log.js";

/** Field names whose values are never written, at the top and one level down. */
const secretFields = ["credentials", "token", "password", "secret", "authorization"];

/** Where lines go, and how. */
export interface LogOptions extends LogSettings {
  /** Whether eyes read it: a terminal. Decides what `auto` means. */
  readonly terminal: boolean;
  readonly colors?: boolean;
  readonly destination: DestinationStream;
}

/** A log of structured lines: JSON, or pretty on a terminal. Secrets are struck out. */
export async function createLog(request: LogOptions): Promise<Log> {
  const { level, format, terminal, colors = false, destination } = request;
  const forEyes = format === "pretty" || (format === "auto" && terminal);
  const stream = forEyes ? await prettyStream(destination, colors) : destination;
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), censor: "[redacted]" },
  };
  return asLog(pino(options, stream));
}

/** pino-pretty is only loaded where somebody looks. */
async function prettyStream(sink: DestinationStream, colorize: boolean): Promise<DestinationStream> {
  const { prettyFactory } = await import("pino-pretty");
  const prettify = prettyFactory({ colorize, translateTime: "SYS:HH:MM:ss" });
  return { write: (line) => sink.write(prettify(line)) };
}

function asLog(logger: Logger): Log {
  const at =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: LogFields = {}): void =>
      logger[level](printableIn(fields), printable(message));
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
