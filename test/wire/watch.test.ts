import { beforeEach, describe, expect, test } from "vitest";
import { serverLimits } from "../../src/wire/limits.js";
import { Watch, type Watched, type WatchedStream } from "../../src/wire/watch.js";

const limits = { ...serverLimits, stallMs: 60_000, keepAliveMs: 30_000, idleMs: 300_000 };

/** A connection that writes down what the watch does to it. */
class Connection implements Watched {
  isSettled = true;
  isHalfClosed = false;
  partialSince = 0;
  isChoked = false;
  streams = 1;
  readonly live = new Set<WatchedStream>();
  readonly log: string[] = [];
  ping = (): void => void this.log.push("ping");
  rest = (): void => void this.log.push("rest");
  shutdown = (): void => void this.log.push("shutdown");
  endShutdown = (): void => void this.log.push("endShutdown");
  refused = (refusal: string): void => void this.log.push(refusal);
  cut = ({ message }: Error): void => void this.log.push(message);
}

let connection: Connection;
let watch: Watch;
let now: number;
beforeEach(() => {
  now = 1;
  connection = new Connection();
  watch = new Watch(connection, limits, now);
});

/** Lets time pass, a tick every two seconds. */
function pass(seconds: number, each: () => void = () => undefined): void {
  for (let i = 0; i < seconds / 2; i++) {
    each();
    now += 2000;
    watch.tick(now);
  }
}

const heard = (): void => watch.heard();

test("a peer that has not said SETTINGS, or not answered ours, in time is cut", () => {
  connection.isSettled = false;

  pass(10, heard);
  expect(connection.log).toEqual([]);
  pass(2, heard);

  expect(connection.log).toEqual(["no preface, SETTINGS and answer to ours within 10000 ms (handshake_ms)"]);
});

test("a frame that trickles is cut, though bytes keep coming", () => {
  connection.partialSince = now;

  pass(12, heard);

  expect(connection.log).toEqual(["a frame took more than 10000 ms (header_block_ms)"]);
});

describe("a peer that does not read", () => {
  test("is cut when its socket has taken nothing for a minute", () => {
    connection.isChoked = true;

    pass(62, heard);

    expect(connection.log).toEqual(["the peer has read nothing for 60000 ms (stall_ms)"]);
  });

  test("is kept as long as its socket takes something now and then", () => {
    connection.isChoked = true;

    pass(200, () => {
      heard();
      watch.moved();
    });

    expect(connection.log).toEqual([]);
  });

  test("loses the stream whose queue stands still, and that one only", () => {
    const stream = (name: string): WatchedStream => ({
      hasQueue: true,
      hasMoved: false,
      stalledMs: 0,
      reset: (code) => void connection.log.push(`reset ${name} with ${code}`),
    });
    const moves = stream("moves");
    const silent = { ...stream("silent"), hasQueue: false };
    [stream("stands"), moves, silent].forEach((one) => connection.live.add(one));

    pass(62, () => {
      heard();
      moves.hasMoved = true;
    });

    expect(connection.log).toEqual(["stall_ms", "reset stands with 8"]);
  });
});

describe("silence", () => {
  test("is asked by PING after 30 seconds, and an answer ends it", () => {
    pass(32);
    heard();
    pass(20);

    expect(connection.log).toEqual(["ping"]);
  });

  test("after a PING is the end", () => {
    pass(44);

    expect(connection.log).toEqual(["ping", "no answer to PING within 10000 ms (keep_alive_ms)"]);
  });

  test("is not asked where keep-alive is off", () => {
    watch = new Watch(connection, { ...limits, keepAliveMs: 0 }, now);

    pass(500);

    expect(connection.log).toEqual([]);
  });
});

test("a connection without streams is shut down in order when its time has come", () => {
  connection.streams = 0;

  pass(302, heard);

  expect(connection.log).toEqual(["shutdown"]);
});

test("a shutdown whose PING is not answered goes on without", () => {
  watch.shuttingDown(now);

  pass(12, heard);

  expect(connection.log).toEqual(["endShutdown"]);
});
