/** What a TLS record that shakes hands begins with; the version's first byte follows. */
const handshakeRecord = 0x16;
const majorVersion = 3;

/** Whether a connection's first bytes are those of TLS, as far as they have come. */
export function beginsTls(head: Uint8Array): boolean {
  return head[0] === handshakeRecord && (head.length === 1 || head[1] === majorVersion);
}
