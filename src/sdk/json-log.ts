import { type HiddenTexts, LineOutlet, StreamSink } from "../protocol/index.js";
import type { Log, LogFields } from "./log.js";

/** A log that writes one JSON object a line; Prism reads plugins' stderr so. `always` goes with every line. */
export function jsonLog(write: (line: string) => void, always: LogFields = {}): Log {
  const writer = (level: string) => (message: string, fields?: LogFields) => {
    write(`${JSON.stringify({ level, time: Date.now(), msg: message, ...always, ...fields })}\n`);
  };
  return { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
}

/** The log of a plugin that says nothing else: on stderr, where a Prism that reads slowly costs lines and never time. */
export function stderrLog(always: LogFields = {}): Log {
  const outlet = new LineOutlet(new StreamSink(process.stderr));
  const log = jsonLog((line) => outlet.write(line), always);
  outlet.onDropped = (lines) => log.warn("log lines were dropped: Prism read them too slowly", { lines });
  return log;
}

/** The same log with fields on every line. */
export function withFields(log: Log, always: LogFields): Log {
  return {
    debug: (message, fields) => log.debug(message, { ...always, ...fields }),
    info: (message, fields) => log.info(message, { ...always, ...fields }),
    warn: (message, fields) => log.warn(message, { ...always, ...fields }),
    error: (message, fields) => log.error(message, { ...always, ...fields }),
  };
}

/** The same log, in which nothing stands that must not be told. */
export function withoutSecrets(log: Log, secrets: HiddenTexts): Log {
  const hidden = (fields: LogFields = {}): LogFields =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === "string" ? secrets.hide(value) : value,
      ]),
    );
  return {
    debug: (message, fields) => log.debug(secrets.hide(message), hidden(fields)),
    info: (message, fields) => log.info(secrets.hide(message), hidden(fields)),
    warn: (message, fields) => log.warn(secrets.hide(message), hidden(fields)),
    error: (message, fields) => log.error(secrets.hide(message), hidden(fields)),
  };
}

/** What is thrown, as fields of a log line. */
export function reasonFields(reason: unknown): LogFields {
  if (!(reason instanceof Error)) return { reason: String(reason) };
  return { reason: reason.message, ...(reason.stack === undefined ? {} : { stack: reason.stack }) };
}
