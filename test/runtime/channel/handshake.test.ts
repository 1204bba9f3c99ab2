import { describe, expect, test } from "vitest";
import { HandshakeScanner } from "../../../src/runtime/channel/handshake-scanner.js";
import { readHandshake } from "../../../src/runtime/channel/handshake.js";

const expected = { namespace: "orders", socket: "/run/prism/i-1/sock" };

describe("the handshake", () => {
  test("names the socket that the plugin was told to listen on", () => {
    const socket = readHandshake("prism|1|unix|/run/prism/i-1/sock", expected);

    expect(socket).toBe("/run/prism/i-1/sock");
  });

  test("may name another socket in the plugin's private directory", () => {
    const socket = readHandshake("prism|1|unix|/run/prism/i-1/mine", expected);

    expect(socket).toBe("/run/prism/i-1/mine");
  });

  test("must not lead out of the private directory", () => {
    for (const path of ["/var/run/docker.sock", "/run/prism/i-1/../i-2/sock", "/run/prism/sock", "sock"]) {
      expect(() => readHandshake(`prism|1|unix|${path}`, expected)).toThrow(
        "outside of its private directory",
      );
    }
  });

  test("of another version names both versions and the remedy", () => {
    const act = (): string => readHandshake("prism|2|unix|/run/prism/i-1/sock", expected);

    expect(act).toThrow(
      'the plugin of namespace "orders" speaks version "2" of the plugin protocol, this Prism speaks version "1": use a release',
    );
  });

  test("that says something else is quoted, without its control characters, beside the line that is expected", () => {
    for (const line of ["prism|1", "prism|1|unix|", "prism|1|tcp|127.0.0.1:1", "prism|1|unix\u001b[31m|x"]) {
      expect(() => readHandshake(line, expected)).toThrow(
        'write one line "prism|1|unix|/run/prism/i-1/sock"',
      );
    }
    expect(() => readHandshake("prism|1|\u001b[31m|x", expected)).toThrow("\\u001b[31m");
  });
});

describe("the handshake line", () => {
  test("is found among other output, however it is cut into reads", () => {
    const output = "warning: deprecated\nprism-ish\nprism|1|unix|/run/søcket\nmore\n";
    const whole = new HandshakeScanner().write(Buffer.from(output));
    const scanner = new HandshakeScanner();

    const found = [...Buffer.from(output)].flatMap((byte) => scanner.write(Buffer.from([byte])) ?? []);

    expect(whole).toBe("prism|1|unix|/run/søcket");
    expect(found).toEqual([whole]);
  });

  test("counts only once its end has come", () => {
    const scanner = new HandshakeScanner();

    expect(scanner.write(Buffer.from("prism|1|unix|/run/s"))).toBeUndefined();
    expect(scanner.write(Buffer.from("ock\r\n"))).toBe("prism|1|unix|/run/sock");
  });

  test("is looked for in bounded memory", () => {
    const scanner = new HandshakeScanner();
    for (let i = 0; i < 1_000; i++) scanner.write(Buffer.alloc(64 * 1024, "x"));

    const found = scanner.write(Buffer.from("\nprism|1|unix|/run/sock\n"));

    expect(found).toBe("prism|1|unix|/run/sock");
  });
});
