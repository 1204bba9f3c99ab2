/** The walls of the wire, with the reason for each. What meets one is refused by its name. */
export interface Limits {
  /** Streams that the peer may have open at once. A stream counts until our work for it is released. */
  readonly concurrentStreams: number;
  /** Size of a decoded header block, 32 bytes a field added (RFC 9113, section 6.5.2). */
  readonly headerBytes: number;
  /** Fields of one header block. */
  readonly headerFields: number;
  /** Receive window of a stream: what one call can hold in memory each way. */
  readonly streamWindow: number;
  /** Receive window of a connection: so large that one slow stream does not starve the others. */
  readonly connectionWindow: number;
  /** From the connection's begin to the peer's preface and SETTINGS: a peer that trickles them is cut. */
  readonly handshakeMs: number;
  /** Resets by the peer, and by us for the peer's faults, that one connection may have at once (CVE-2023-44487, CVE-2025-8671). */
  readonly resetBurst: number;
  /** … and how many more a second. */
  readonly resetsPerSecond: number;
  /** Frames a second that carry no work: SETTINGS, PING, PRIORITY, empty DATA (CVE-2019-9512 and kin). */
  readonly idleFramesPerSecond: number;
  /** Bytes of answers to the peer's control frames that may wait while it does not read. */
  readonly queuedControlBytes: number;
}

/** What holds where nothing else is said. */
export const defaultLimits: Limits = {
  concurrentStreams: 1000,
  headerBytes: 65_536,
  headerFields: 256,
  streamWindow: 512 * 1024,
  connectionWindow: 16 * 1024 * 1024,
  handshakeMs: 10_000,
  resetBurst: 100,
  resetsPerSecond: 50,
  idleFramesPerSecond: 1000,
  queuedControlBytes: 1024 * 1024,
};
