import type { Log, LogFields } from "../../model/log.js";

/** Whose output it is. */
export type OutputSource = Readonly<Record<"plugin" | "namespace" | "instance", string>>;

type Level = keyof Log;

/**
 * Makes log lines of what a plugin writes. A line of JSON with a `msg`, as the SDK and most loggers write it, keeps its
 * level and its plain fields; any other line is the message.
 */
export function logOutput(
  log: Log,
  source: OutputSource,
): (stream: "stdout" | "stderr", line: string) => void {
  return (stream, line) => {
    const { level, message, fields } = structured(line) ?? { level: "info", message: line, fields: {} };
    // Last, so that no plugin can pass for another.
    log[level](message, { ...fields, stream, ...source });
  };
}

interface OutputLine {
  readonly level: Level;
  readonly message: string;
  readonly fields: LogFields;
}

function structured(line: string): OutputLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    // eslint-disable-next-line no-restricted-syntax -- for eyes
    const { msg, level, ...rest } = JSON.parse(line) as Record<string, unknown>;
    if (typeof msg !== "string") return undefined;
    // The log has its own.
    delete rest["time"];
    const plain = Object.entries(rest).filter(([, value]) =>
      ["string", "number", "boolean"].includes(typeof value),
    );
    return { level: levelFrom(level), message: msg, fields: Object.fromEntries(plain) as LogFields };
  } catch {
    return undefined;
  }
}

function levelFrom(level: unknown): Level {
  return level === "debug" || level === "warn" || level === "error" ? level : "info";
}
