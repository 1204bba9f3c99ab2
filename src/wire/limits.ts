/** The walls of the wire, with the reason for each. What meets one is refused by its name. 0 switches a time off. */
export interface Limits {
  /** Streams that the peer may have open at once. A stream counts until our work for it is released. */
  readonly concurrentStreams: number;
  /**
   * Size of a decoded header block, 32 bytes a field added (RFC 9113, section 6.5.2). One that is larger is answered, and so
   * that the table stays right it is decoded: up to four times as many bytes, as they come. More end the connection.
   */
  readonly headerBytes: number;
  /** Fields of one header block. */
  readonly headerFields: number;
  /** Payload of one frame, at least 16,384. What is larger helps only large bodies, and little: parts of DATA go on as they come. */
  readonly frameBytes: number;
  /** Receive window of a stream, at least 65,535: what one call can hold in memory each way. */
  readonly streamWindow: number;
  /** Receive window of a connection: so large that one slow stream does not starve the others. */
  readonly connectionWindow: number;
  /** Bytes given to the socket, or about to be, at which streams have to wait: what a slow reader holds beside its windows. */
  readonly socketBytes: number;

  /** From the connection's begin to the peer's preface, SETTINGS and answer to ours: a peer that trickles or withholds them is cut. */
  readonly handshakeMs: number;
  /** From the first byte of a frame that is not DATA, or of a header block, to its last. */
  readonly headerBlockMs: number;
  /** A stream whose queue does not move for so long is reset; a socket that takes nothing for so long is closed (CVE-2019-9511, 9517). */
  readonly stallMs: number;
  /** Silence after which a PING asks whether the peer is there. Off for clients by default: gRPC servers take offence at pings. */
  readonly keepAliveMs: number;
  /** How long the answer to that PING may take. */
  readonly keepAliveAnswerMs: number;
  /** A connection without streams for so long is shut down in order. Off by default. */
  readonly idleMs: number;
  /** How often a connection looks at its times: its one timer, and their precision. */
  readonly tickMs: number;

  /** Resets by the peer, and by us for the peer's faults, that a connection may have at once beyond its finished streams (CVE-2023-44487, CVE-2025-8671). */
  readonly resetBurst: number;
  /** … and how many more a second. */
  readonly resetsPerSecond: number;
  /** Calls a second that are answered before they are whole, beyond those whose rest comes all the same: what refusals cost a client that sends nothing but headers. */
  readonly earlyAnswersPerSecond: number;
  /** Frames a second that carry no work: SETTINGS, PING, PRIORITY, empty DATA, WINDOW_UPDATE beyond what DATA earns (CVE-2019-9512 and kin). */
  readonly idleFramesPerSecond: number;
  /** Answers to the peer's control frames that may wait while it does not read. */
  readonly queuedControlFrames: number;
}

const common = {
  concurrentStreams: 1000,
  headerBytes: 65_536,
  headerFields: 256,
  frameBytes: 16_384,
  streamWindow: 512 * 1024,
  connectionWindow: 16 * 1024 * 1024,
  socketBytes: 256 * 1024,
  handshakeMs: 10_000,
  headerBlockMs: 10_000,
  stallMs: 60_000,
  keepAliveAnswerMs: 10_000,
  idleMs: 0,
  tickMs: 2000,
  resetBurst: 100,
  resetsPerSecond: 50,
  earlyAnswersPerSecond: 4000,
  idleFramesPerSecond: 1000,
  queuedControlFrames: 1000,
};

/** What holds for a server where nothing else is said. */
export const serverLimits: Limits = { ...common, keepAliveMs: 30_000 };

/** What holds for a client where nothing else is said. */
export const clientLimits: Limits = { ...common, keepAliveMs: 0 };
