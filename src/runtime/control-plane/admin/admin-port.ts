import type { Socket } from "node:net";
import { beginsTls } from "../../../wire/index.js";
import { Guests, type Guest } from "./guests.js";
import { Http1Service, type Http1Settings } from "./http1-service.js";
import { Http2Service, type Http2Settings } from "./http2-service.js";

/** How HTTP/2 begins, and with it gRPC. */
const preface = Buffer.from("PRI * HTTP/2.0");

/** What is served on the admin address, and how. */
export type AdminPortSettings = Omit<Http1Settings, "guests"> & Http2Settings;

/** gRPC and HTTP on one port: the first bytes of a connection tell which it speaks. */
export class AdminPort {
  readonly #settings: AdminPortSettings;
  readonly #guests: Guests;
  readonly #http1: Http1Service;
  readonly #http2: Http2Service;
  readonly #silent = new Set<Socket>();
  #isClosing = false;

  constructor(settings: AdminPortSettings) {
    this.#settings = settings;
    this.#guests = new Guests(settings.limits.connections);
    this.#http1 = new Http1Service({ ...settings, guests: this.#guests });
    this.#http2 = new Http2Service(settings);
  }

  /** Serves a connection, of which nothing has been read yet. */
  accept(socket: Socket): void {
    if (this.#isClosing) return void socket.destroy();
    const { onRefused, limits } = this.#settings;
    const { guest, displaced } = this.#guests.admit(socket);
    if (displaced ?? !guest) {
      const message = `there are as many connections as operators may have (${limits.connections}): the one that rested longest is closed`;
      onRefused(displaced?.socket ?? socket, "connections", message);
    }
    socket.on("error", () => socket.destroy());
    if (guest === undefined) return void socket.destroy();
    // Whoever has said all waits for the answer still.
    socket.allowHalfOpen = true;
    this.#hear(guest);
  }

  /** Lets answers that are under way finish within the grace period, then closes every connection. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const sockets = [...this.#guests.all].map(({ socket }) => socket);
    const overdue = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMs);
    for (const socket of this.#silent) socket.destroy();
    this.#http1.shutdown();
    this.#http2.shutdown();
    await Promise.all(sockets.map(closed));
    clearTimeout(overdue);
  }

  /** Waits for the first words, and not for long. */
  #hear(guest: Guest): void {
    const { socket } = guest;
    const { onRefused, limits } = this.#settings;
    this.#silent.add(socket);
    const timer = setTimeout(() => {
      const message = `it did not say within ${limits.handshakeMs} ms what it speaks`;
      onRefused(socket, "handshake_ms", message);
      socket.destroy();
    }, limits.handshakeMs);
    const forget = (): void => {
      clearTimeout(timer);
      this.#silent.delete(socket);
    };
    const leave = (): void => void socket.destroy();
    let head: Buffer = Buffer.alloc(0);
    const read = (bytes: Buffer): void => {
      head = Buffer.concat([head, bytes]);
      if (beginsTls(head)) {
        const message = "it speaks TLS, which the operators' port does not: ask by http://";
        onRefused(socket, "protocol_error", message);
        return leave();
      }
      const isHttp2 = speaksHttp2(head);
      if (isHttp2 === undefined) return;
      forget();
      socket.off("data", read).off("end", leave).off("close", forget);
      if (isHttp2) this.#http2.serve(guest, head);
      else this.#http1.serve(guest, head);
    };
    socket.on("data", read).on("end", leave).on("close", forget).resume();
  }
}

/** Undefined while the bytes could still become either. */
function speaksHttp2(head: Buffer): boolean | undefined {
  const length = Math.min(head.length, preface.length);
  if (!head.subarray(0, length).equals(preface.subarray(0, length))) return false;
  return head.length >= preface.length ? true : undefined;
}

async function closed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  await new Promise((resolve) => socket.once("close", resolve));
}
