import { constants, fstatSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import { LineOutlet, type LineSink, StreamSink } from "../../protocol/index.js";
import { DescriptorSink } from "./descriptor-sink.js";

const stderr = 2;

/** The way of the runtime's lines to stderr, whatever that is: a file, a terminal, a pipe or a journal's socket. It never waits. */
export function stderrOutlet(): LineOutlet {
  return new LineOutlet(sinkOf(stderr));
}

function sinkOf(descriptor: number): LineSink {
  const kind = fstatSync(descriptor);
  if (kind.isFIFO() || kind.isSocket()) return new StreamSink(process.stderr);
  return new DescriptorSink(isatty(descriptor) ? unblocked(descriptor) : descriptor);
}

/** The same terminal, opened anew: others who write to it go on as they are. */
function unblocked(terminal: number): number {
  try {
    return openSync(
      `/proc/self/fd/${terminal}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch {
    // Somebody else's terminal, as after su: then it is written as it is.
    return terminal;
  }
}
