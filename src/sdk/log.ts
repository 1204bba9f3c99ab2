/** Facts of a log line. Never secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** Where a plugin tells its operator what happens. Prism adds the plugin's name. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
