/**
 * The Huffman code of HPACK (RFC 7541, section 5.2 and appendix B).
 *
 * The code is canonical: the lengths below say it all, codes of one length rise with their symbol.
 */

/** Bits of each symbol's code; symbol 256 is EOS. */
const lengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/** Decoded text of most fields goes through here: it is read out before the next one is written. */
const scratch = Buffer.allocUnsafeSlow(1024);

const eos = 256;
/** No state: where broken code leads. */
const broken = 0xffff;
/** Bits that are looked at at once. All letters, digits and most signs have shorter codes. */
const lookBits = 12;
const codes = canonicalCodes();
const looks = symbolsOfLooks();
const { next, emits, accepts } = nibbleStates();

/** Bytes that a text (a byte a character) takes when coded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += lengths[text.charCodeAt(i)] ?? 0;
  return (bits + 7) >> 3;
}

/** Writes the coded text at an offset and gives the offset behind it. */
export function huffmanEncode(text: string, out: Buffer, at: number): number {
  let held = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    let code = codes[symbol] ?? 0;
    let length = lengths[symbol] ?? 0;
    // At most 30 bits a code: feed what fits into the byte at hand, so that nothing exceeds 32 bits.
    while (length > 0) {
      const take = Math.min(8 - bits, length);
      held = (held << take) | (code >>> (length - take));
      length -= take;
      code &= (1 << length) - 1;
      bits += take;
      if (bits === 8) {
        out[at++] = held;
        held = bits = 0;
      }
    }
  }
  if (bits > 0) out[at++] = (held << (8 - bits)) | (0xff >> bits);
  return at;
}

/**
 * Decodes coded bytes to text (a byte a character). Undefined where the code is broken: EOS within it, padding of more
 * than 7 bits or not all ones. Two symbols a look, where they are common ones: half the time that nibbles take.
 */
export function huffmanDecode(bytes: Buffer, from: number, to: number): string | undefined {
  const out = roomFor(to - from);
  const end = to * 8;
  let length = 0;
  let bit = from * 8;
  for (;;) {
    const at = bit >>> 3;
    // Behind the end it goes on with ones, as padding does.
    const three =
      (byteAt(bytes, at, to) << 16) | (byteAt(bytes, at + 1, to) << 8) | byteAt(bytes, at + 2, to);
    const found = looks[(three >>> (24 - lookBits - (bit & 7))) & (looks.length - 1)] ?? 0;
    if (found === 0) break;
    const both = found >>> 20;
    if (both > 0 && bit + both <= end) {
      out[length] = found;
      out[length + 1] = found >>> 8;
      length += 2;
      bit += both;
    } else {
      out[length++] = found;
      bit += (found >>> 16) & 15;
    }
  }
  const isWhole = bit <= end && end - bit < 8 && isOnes(bytes[to - 1] ?? 0xff, end - bit);
  return isWhole ? out.toString("latin1", 0, length) : decodeByNibbles(bytes, from, to);
}

function byteAt(bytes: Buffer, at: number, to: number): number {
  return at < to ? (bytes[at] ?? 0) : 0xff;
}

function isOnes(byte: number, bits: number): boolean {
  const ones = (1 << bits) - 1;
  return (byte & ones) === ones;
}

/** The shortest code has five bits. */
function roomFor(codedBytes: number): Buffer {
  const mostBytes = ((codedBytes * 8) / 5) | 0;
  return mostBytes <= scratch.length ? scratch : Buffer.allocUnsafe(mostBytes);
}

/** Any code, also a long or a broken one. */
function decodeByNibbles(bytes: Buffer, from: number, to: number): string | undefined {
  const out = roomFor(to - from);
  let length = 0;
  let state = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 0;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const at = state * 16 + ((byte >> shift) & 15);
      state = next[at] ?? broken;
      if (state === broken) return undefined;
      const symbol = emits[at] ?? -1;
      if (symbol >= 0) out[length++] = symbol;
    }
  }
  return accepts[state] === 1 ? out.toString("latin1", 0, length) : undefined;
}

/** What lies in so many bits: a symbol, the next, the bits of the first and of both; 0 = a longer code, or none. */
function symbolsOfLooks(): Int32Array {
  const firsts = new Int16Array(1 << lookBits).fill(-1);
  for (let symbol = 0; symbol < eos; symbol++) {
    const free = lookBits - lengthOf(symbol);
    if (free < 0) continue;
    const start = (codes[symbol] ?? 0) << free;
    firsts.fill(symbol, start, start + (1 << free));
  }
  return Int32Array.from(firsts, (first, look) => {
    if (first < 0) return 0;
    const one = lengthOf(first);
    const second = firsts[(look << one) & (firsts.length - 1)] ?? -1;
    const both = one + lengthOf(second);
    return second < 0 || both > lookBits
      ? first | (one << 16)
      : first | (second << 8) | (one << 16) | (both << 20);
  });
}

/** Codes of one length rise with their symbol; a longer length goes on where the shorter one ended. */
function canonicalCodes(): number[] {
  const symbols = lengths.map((_, symbol) => symbol).sort((a, b) => lengthOf(a) - lengthOf(b) || a - b);
  const result: number[] = [];
  let code = 0;
  let length = 0;
  for (const symbol of symbols) {
    code <<= lengthOf(symbol) - length;
    length = lengthOf(symbol);
    result[symbol] = code++;
  }
  return result;
}

function lengthOf(symbol: number): number {
  return lengths[symbol] ?? 0;
}

/** The code as a machine that eats four bits at a time; the shortest code has five, so a step emits one symbol at most. */
function nibbleStates(): { next: Uint16Array; emits: Int16Array; accepts: Uint8Array } {
  const tree: [number, number][] = [[0, 0]];
  const leaf = (symbol: number): number => -1 - symbol;
  for (let symbol = 0; symbol <= eos; symbol++) plant(tree, symbol, leaf(symbol));
  const states = {
    next: new Uint16Array(tree.length * 16),
    emits: new Int16Array(tree.length * 16).fill(-1),
    accepts: new Uint8Array(tree.length),
  };
  for (let state = 0; state < tree.length; state++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      const at = state * 16 + nibble;
      let node = state;
      for (let bit = 3; bit >= 0 && node !== broken; bit--) {
        node = tree[node]?.[((nibble >> bit) & 1) as 0 | 1] ?? broken;
        if (node === leaf(eos)) node = broken;
        if (node < 0) {
          states.emits[at] = -1 - node;
          node = 0;
        }
      }
      states.next[at] = node;
    }
  }
  // Padding is up to seven ones: the states on the way of ones from the root.
  for (let node = 0, ones = 0; ones <= 7; ones++) {
    states.accepts[node] = 1;
    node = tree[node]?.[1] ?? 0;
  }
  return states;
}

function plant(tree: [number, number][], symbol: number, leaf: number): void {
  let node = 0;
  for (let bit = lengthOf(symbol) - 1; bit > 0; bit--) {
    const side = (((codes[symbol] ?? 0) >>> bit) & 1) as 0 | 1;
    const branch = tree[node] ?? [0, 0];
    if (branch[side] === 0) branch[side] = tree.push([0, 0]) - 1;
    node = branch[side];
  }
  const branch = tree[node];
  if (branch) branch[((codes[symbol] ?? 0) & 1) as 0 | 1] = leaf;
}
