/** Bytes that a number takes as a varint. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

/** Writes a number as a varint; returns where the next byte goes. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[next++] = (rest % 0x80) | 0x80;
  target[next++] = rest;
  return next;
}

/** A length-delimited field with a number below 16, encoded. */
export function lengthDelimited(number: number, bytes: Uint8Array): Buffer {
  const field = Buffer.alloc(1 + varintBytes(bytes.length) + bytes.length);
  field[0] = (number << 3) | 2;
  field.set(bytes, writeVarint(field, 1, bytes.length));
  return field;
}
