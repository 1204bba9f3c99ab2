import {
  CompareAndSetRequestSchema,
  CompareAndSetResponseSchema,
  DeleteRequestSchema,
  DeleteResponseSchema,
  ExistsRequestSchema,
  ExistsResponseSchema,
  ExpireRequestSchema,
  ExpireResponseSchema,
  GetRequestSchema,
  GetResponseSchema,
  IncrementRequestSchema,
  IncrementResponseSchema,
  MGetRequestSchema,
  MGetResponseSchema,
  MSetRequestSchema,
  MSetResponseSchema,
  ScanRequestSchema,
  ScanResponseSchema,
  SetRequestSchema,
  SetResponseSchema,
  type CompareAndSetRequest,
  type DeleteRequest,
  type ExistsRequest,
  type ExpireRequest,
  type GetRequest,
  type IncrementRequest,
  type MGetRequest,
  type MSetRequest,
  type ScanRequest,
  type SetRequest,
} from "../protocol/gen/prism/keyvalue/v1/keyvalue_pb.js";
import { entriesOf } from "./answer-size.js";
import type { Call } from "./call.js";
import { checkKey, checkTtl } from "./key-rules.js";
import { type Eventually, isLater, type UnaryOperation, unary } from "./operation.js";
import { pageOf, type ScanQuery, type ScannedEntry, scanQueryOf } from "./scan-page.js";
import type { Answered } from "./shape.js";

/**
 * What a backend implements of the KeyValue pattern, by the semantics written in keyvalue.proto. Requests have been
 * checked when they get here: keys are well formed, times to live not negative, scan limits settled. What a backend
 * leaves out is not declared, and answers UNIMPLEMENTED.
 */
export interface KeyValueBackend {
  get?(request: GetRequest, call: Call): Eventually<Answered<typeof GetResponseSchema>>;
  set?(request: SetRequest, call: Call): Eventually<void>;
  delete?(request: DeleteRequest, call: Call): Eventually<Answered<typeof DeleteResponseSchema>>;
  exists?(request: ExistsRequest, call: Call): Eventually<Answered<typeof ExistsResponseSchema>>;
  /**
   * Keys come once each, however often the caller named them. Stop with RESOURCE_EXHAUSTED where their values have more than
   * `call.answerBytes` together: {@link entriesOf} does.
   */
  mget?(request: MGetRequest, call: Call): Eventually<Answered<typeof MGetResponseSchema>>;
  mset?(request: MSetRequest, call: Call): Eventually<void>;
  /**
   * The keys after `after` that begin with `prefix`, in the order of their bytes: at most `take` of them. One more than a
   * page holds is asked for, to see whether another page follows; a generator may be left before it is done.
   */
  scan?(query: ScanQuery, call: Call): Eventually<Iterable<ScannedEntry>>;
  increment?(request: IncrementRequest, call: Call): Eventually<Answered<typeof IncrementResponseSchema>>;
  compareAndSet?(
    request: CompareAndSetRequest,
    call: Call,
  ): Eventually<Answered<typeof CompareAndSetResponseSchema>>;
  expire?(request: ExpireRequest, call: Call): Eventually<Answered<typeof ExpireResponseSchema>>;
}

/** Makes the operations of the KeyValue pattern from what a backend implements: spread them into `operations`. */
export function keyValue(backend: KeyValueBackend): Record<string, UnaryOperation> {
  return { ...reads(backend), ...writes(backend), ...updates(backend) };
}

/** Running it again changes nothing more. */
const repeatable = { pattern: "keyvalue", idempotent: true };
const reading = { ...repeatable, isRead: true };
/** Running it again is another change, or another answer. */
const unrepeatable = { pattern: "keyvalue", idempotent: false };

function reads(backend: KeyValueBackend): Record<string, UnaryOperation> {
  const operations: Record<string, UnaryOperation> = {};
  if (backend.get) {
    const run = backend.get.bind(backend);
    const shapes = { request: GetRequestSchema, response: GetResponseSchema };
    operations["get"] = unary({ ...shapes, ...reading, check: checkKeyOf, run });
  }
  if (backend.exists) {
    const run = backend.exists.bind(backend);
    const shapes = { request: ExistsRequestSchema, response: ExistsResponseSchema };
    operations["exists"] = unary({ ...shapes, ...reading, check: checkKeyOf, run });
  }
  if (backend.mget) {
    const run = everyKey(backend.mget.bind(backend));
    const shapes = { request: MGetRequestSchema, response: MGetResponseSchema };
    operations["mget"] = unary({
      ...shapes,
      ...reading,
      check: ({ keys }) => keys.forEach(checkKey),
      run,
    });
  }
  if (backend.scan) {
    const run = paged(backend.scan.bind(backend));
    const shapes = { request: ScanRequestSchema, response: ScanResponseSchema };
    operations["scan"] = unary({ ...shapes, ...reading, run });
  }
  return operations;
}

function writes(backend: KeyValueBackend): Record<string, UnaryOperation> {
  const operations: Record<string, UnaryOperation> = {};
  if (backend.set) {
    const run = emptied(backend.set.bind(backend));
    const shapes = { request: SetRequestSchema, response: SetResponseSchema };
    operations["set"] = unary({ ...shapes, ...repeatable, check: checkPair, run });
  }
  if (backend.mset) {
    const run = emptied(backend.mset.bind(backend));
    const shapes = { request: MSetRequestSchema, response: MSetResponseSchema };
    operations["mset"] = unary({
      ...shapes,
      ...repeatable,
      check: ({ pairs }) => pairs.forEach(checkPair),
      run,
    });
  }
  if (backend.delete) {
    const run = backend.delete.bind(backend);
    const shapes = { request: DeleteRequestSchema, response: DeleteResponseSchema };
    operations["delete"] = unary({ ...shapes, ...repeatable, check: checkKeyOf, run });
  }
  if (backend.expire) {
    const run = backend.expire.bind(backend);
    const shapes = { request: ExpireRequestSchema, response: ExpireResponseSchema };
    operations["expire"] = unary({ ...shapes, ...repeatable, check: checkPair, run });
  }
  return operations;
}

function updates(backend: KeyValueBackend): Record<string, UnaryOperation> {
  const operations: Record<string, UnaryOperation> = {};
  if (backend.increment) {
    const run = backend.increment.bind(backend);
    const shapes = { request: IncrementRequestSchema, response: IncrementResponseSchema };
    operations["increment"] = unary({ ...shapes, ...unrepeatable, check: checkKeyOf, run });
  }
  if (backend.compareAndSet) {
    const run = backend.compareAndSet.bind(backend);
    const shapes = { request: CompareAndSetRequestSchema, response: CompareAndSetResponseSchema };
    operations["compare_and_set"] = unary({ ...shapes, ...unrepeatable, check: checkPair, run });
  }
  return operations;
}

function checkKeyOf({ key }: { readonly key: string }): void {
  checkKey(key);
}

function checkPair({ key, ttlMs }: { readonly key: string; readonly ttlMs: bigint }): void {
  checkKey(key);
  checkTtl(ttlMs);
}

/** Answers with an empty message once the backend is done. */
function emptied<Request>(run: (request: Request, call: Call) => Eventually<void>) {
  return (request: Request, call: Call): Eventually<object> => {
    const done = run(request, call);
    return isLater(done) ? done.then(() => ({})) : {};
  };
}

/** Asks for each key once, and answers in the order asked, as long as the values are not too many bytes for one answer. */
function everyKey(mget: NonNullable<KeyValueBackend["mget"]>) {
  return (request: MGetRequest, call: Call): Eventually<Answered<typeof MGetResponseSchema>> => {
    const { keys } = request;
    const once = new Set(keys);
    if (once.size === keys.length) return mget(request, call);
    const answer = mget({ ...request, keys: [...once] }, call);
    return isLater(answer) ? answer.then((one) => inOrder(keys, one, call)) : inOrder(keys, answer, call);
  };
}

function inOrder(
  keys: readonly string[],
  { entries = [] }: Answered<typeof MGetResponseSchema>,
  call: Call,
): Answered<typeof MGetResponseSchema> {
  const values = new Map(
    entries.map(({ key = "", found = false, value }) => [key, found ? (value ?? nothing) : undefined]),
  );
  return { entries: entriesOf(keys, (key) => values.get(key), call) };
}

const nothing = new Uint8Array();

/** Turns what a backend scans into pages. */
function paged(scan: (query: ScanQuery, call: Call) => Eventually<Iterable<ScannedEntry>>) {
  return (request: ScanRequest, call: Call): Eventually<Answered<typeof ScanResponseSchema>> => {
    const query = scanQueryOf(request);
    if (!query) return {};
    const found = scan(query, call);
    return isLater(found) ? found.then((entries) => pageOf(query, entries)) : pageOf(query, found);
  };
}
