import { ErrorCode, type StreamListener } from "../../../wire/index.js";

/** Hears the rest of a call that has been refused, and ends the stream when the client goes on talking. */
export const deaf: StreamListener = {
  onHeaders: () => undefined,
  onData: (stream, _bytes, windowBytes, endStream) => {
    stream.credit(windowBytes);
    if (!endStream) stream.reset(ErrorCode.NO_ERROR);
  },
  onDrain: () => undefined,
  onClose: () => undefined,
};
