import { type Backlog, unbounded } from "./backlog.js";
import { HeaderList } from "./header-list.js";

/** A piece that is at least this large is kept as a view, if it is a good part of what it keeps alive. */
const viewBytes = 4096;
const goodPart = 4;
/** Copies of small pieces are put together up to here: alone each would take more than it holds. */
const togetherBytes = 4096;

/** What a stream could not send yet, in order: DATA, and header blocks between or behind it. */
export class SendQueue {
  /** Bytes of DATA that wait. */
  bytes = 0;
  /** END_STREAM comes with the last of it. */
  endsStream = false;
  readonly #backlog: Backlog;
  readonly #items: (Uint8Array | HeaderList)[] = [];
  #blocks = 0;
  /** Where the first item that still waits is. */
  #first = 0;
  /** The copy that was queued last, as it stands in the queue, and the room it lies in. */
  #tail: Uint8Array | undefined;
  #tailRoom: Uint8Array | undefined;

  constructor(backlog: Backlog = unbounded) {
    this.#backlog = backlog;
  }

  get isEmpty(): boolean {
    return this.#first === this.#items.length;
  }

  /** Queues DATA; false where too much waits already. Views are valid only now, so a small piece of something large is copied. */
  addData(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    if (!this.#backlog.take(bytes.length)) return false;
    const isView = bytes.length >= viewBytes && bytes.length * goodPart >= bytes.buffer.byteLength;
    if (isView) this.#items.push(bytes);
    else this.#addCopy(bytes);
    this.bytes += bytes.length;
    return true;
  }

  /** Queues a header block. */
  addHeaders(headers: HeaderList): void {
    this.#items.push(headers);
    this.#blocks++;
  }

  /** Whether nothing comes behind the next so many bytes of DATA. */
  endsWith(bytes: number): boolean {
    return bytes === this.bytes && this.#blocks === 0;
  }

  /** The header block that is next; undefined where DATA is, or nothing. */
  takeHeaders(): HeaderList | undefined {
    const item = this.#items[this.#first];
    if (!(item instanceof HeaderList)) return undefined;
    this.#blocks--;
    this.#advance();
    return item;
  }

  /** Bytes of DATA before the next header block, at most so many. */
  available(most: number): number {
    let bytes = 0;
    for (let i = this.#first; i < this.#items.length && bytes < most; i++) {
      const item = this.#items[i];
      if (!(item instanceof Uint8Array)) break;
      bytes += item.length;
    }
    return Math.min(bytes, most);
  }

  /** The next piece of DATA, at most so many bytes of it. There must be some: see {@link available}. */
  takeData(most: number): Uint8Array {
    const item = this.#items[this.#first];
    if (!(item instanceof Uint8Array)) throw new RangeError("no DATA is next in the queue");
    const taken = item.length <= most ? item : item.subarray(0, most);
    if (item.length <= most) this.#advance();
    else this.#items[this.#first] = item.subarray(most);
    this.bytes -= taken.length;
    this.#backlog.give(taken.length);
    return taken;
  }

  /** Nothing of it is sent any more. */
  drop(): void {
    this.#backlog.give(this.bytes);
    this.bytes = 0;
  }

  #addCopy(bytes: Uint8Array): void {
    const last = this.#items.length - 1;
    const tail = this.#tail;
    const room = this.#tailRoom;
    const isLast = tail !== undefined && last >= this.#first && this.#items[last] === tail;
    if (!isLast || room === undefined || tail.length + bytes.length > togetherBytes) {
      this.#tail = this.#tailRoom = Uint8Array.prototype.slice.call(bytes);
      this.#items.push(this.#tail);
      return;
    }
    const length = tail.length + bytes.length;
    let larger = room;
    if (length > room.length) {
      larger = new Uint8Array(Math.min(togetherBytes, 2 * length));
      larger.set(tail);
    }
    larger.set(bytes, tail.length);
    this.#tailRoom = larger;
    this.#tail = this.#items[last] = larger.subarray(0, length);
  }

  #advance(): void {
    this.#first++;
    if (this.#first < 64 && this.#first < this.#items.length) return;
    this.#items.splice(0, this.#first);
    this.#first = 0;
  }
}
