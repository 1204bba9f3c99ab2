import { pino, type DestinationStream, type Logger } from "pino";
import type { LogSettings } from "../config/index.js";
import type { Log, LogFields } from "../model/log.js";

/** Field names whose values are never written, at the top and one level down. */
const secretFields = ["credentials", "token", "password", "secret", "authorization"];

/** Where lines go, and how. */
export interface LogOptions extends LogSettings {
  /** Whether eyes read it: a terminal. Decides what `auto` means. */
  readonly terminal: boolean;
  /** stderr, unless told otherwise. */
  readonly destination?: DestinationStream;
}

/** A log of structured lines on stderr: JSON, or pretty on a terminal. Secrets are struck out. */
export async function createLog({ level, format, terminal, destination }: LogOptions): Promise<Log> {
  const pretty = format === "pretty" || (format === "auto" && terminal);
  const stream = pretty
    ? await prettyStream(destination)
    : (destination ?? pino.destination({ dest: 2, sync: true }));
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
async function prettyStream(destination: DestinationStream | undefined): Promise<DestinationStream> {
  const { default: pretty } = await import("pino-pretty");
  const sink = destination ? { write: (line: string) => destination.write(line) } : 2;
  return pretty({
    destination: sink,
    sync: true,
    colorize: destination === undefined,
    translateTime: "SYS:HH:MM:ss",
  });
}

function asLog(logger: Logger): Log {
  const at =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: LogFields = {}): void =>
      logger[level](fields, message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
