/** The walls of the HTTP door, with the reason for each. */
import type { WireLimits } from "../../model/proxy-messages.js";

/** What the door keeps to of `server.limits`. */
export type HttpLimits = Pick<WireLimits, "headerBytes" | "headerBlockMs" | "requestMs" | "stallMs">;

/**
 * The largest JSON body, and the largest answer in JSON: they are held whole. A configured limit for messages that is
 * smaller holds as well.
 */
export const jsonBytes = 64 * 1024 * 1024;

/** What all bodies that are held whole may take at once, in one process. */
export const heldBytes = 256 * 1024 * 1024;

/** One message of a stream, either way, held whole: as much as gRPC's own clients take where nobody says otherwise. */
export const lineBytes = 4 * 1024 * 1024;

/** A value without Content-Length is held up to here: its message begins with its length. Longer ones are asked for it. */
export const unannouncedBytes = 8 * 1024 * 1024;

/** A value up to here is held before its call begins, so that a slow client occupies no stream of the plugin's. */
export const gatheredBytes = 64 * 1024;

/** Values up to here have an ETag: GET holds them to tell it first. No more than a window. */
export const taggedBytes = 256 * 1024;

/** Bytes that may wait between a client and the plugin, each way, beside what their sockets hold. */
export const windowBytes = 256 * 1024;

/** What a body has to bring beyond `server.limits.request_ms`: a second for each KiB. */
export const bodyBytesPerMs = 1.024;

/** A stream's head waits so long for its first line, so that an operation that fails at once is told by its HTTP status. */
export const firstLineMs = 100;
