/** Facts of a log line. Never secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** Where the runtime tells its operator what happens. Whoever composes the runtime says where the lines go. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
