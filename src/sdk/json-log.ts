import type { Log, LogFields } from "./log.js";

/** A log that writes one JSON object a line; Prism reads plugins' stderr so. `always` goes with every line. */
export function jsonLog(write: (line: string) => void, always: LogFields = {}): Log {
  const writer = (level: string) => (message: string, fields?: LogFields) => {
    write(`${JSON.stringify({ level, time: Date.now(), msg: message, ...always, ...fields })}\n`);
  };
  return { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
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

/** What is thrown, as fields of a log line. */
export function reasonFields(reason: unknown): LogFields {
  if (!(reason instanceof Error)) return { reason: String(reason) };
  return { reason: reason.message, ...(reason.stack === undefined ? {} : { stack: reason.stack }) };
}
