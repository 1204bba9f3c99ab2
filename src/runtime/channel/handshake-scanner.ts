import { textForEyes } from "../../protocol/index.js";

/** Longer than any handshake: a path of a socket is at most 100 bytes. */
const maxLine = 1024;

/**
 * Finds the handshake among what a plugin writes on stdout, however much that is: a line that begins with `prism|`.
 * Whatever else is written before it (warnings of an interpreter, a banner) is only output.
 */
export class HandshakeScanner {
  #tail = "";

  /** Takes what was read; gives the handshake line once its end has come. */
  write(chunk: Buffer): string | undefined {
    // Byte by byte: a chunk may end within a character.
    const text = this.#tail + chunk.toString("latin1");
    const complete = text.lastIndexOf("\n") + 1;
    this.#tail = text.slice(complete, complete + maxLine);
    const line = /^prism\|.*$/m.exec(text.slice(0, complete))?.[0].trimEnd();
    return line && textForEyes(Buffer.from(line, "latin1"));
  }
}
