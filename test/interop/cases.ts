import { deepStrictEqual as expectEqual } from "node:assert/strict";
import { Code } from "../../src/protocol/index.js";
import type { Answer, Caller, CallSettings, Ended, InteropCall } from "./caller.js";

const largeRequest = 271_828;
const largeResponse = 314_159;
const requestSizes = [27_182, 8, 1_828, 45_904];
const responseSizes = [31_415, 9, 2_653, 58_979];

/** gRPC's interoperability cases (doc/interop-test-descriptions.md there), written once for every client that {@link Caller} stands for. */
export const interopCases: Readonly<Record<string, (caller: Caller) => Promise<void>>> = {
  async empty_unary(caller) {
    const { answers, ended } = await unary(caller, "TestService/EmptyCall", {});
    expectEqual([ended.code, answers.length], [Code.OK, 1]);
  },

  async large_unary(caller) {
    const request = { responseSize: largeResponse, payload: zeros(largeRequest) };
    const { sizes, ended } = await unary(caller, "TestService/UnaryCall", request);
    expectEqual([ended.code, sizes], [Code.OK, [largeResponse]]);
  },

  async client_streaming(caller) {
    const call = caller.call("TestService/StreamingInputCall");
    for (const size of requestSizes) call.send({ payload: zeros(size) });
    call.end();
    const { answers, ended } = await all(call);
    expectEqual([ended.code, answers[0]?.aggregatedPayloadSize], [Code.OK, 74_922]);
  },

  async server_streaming(caller) {
    const request = { responseParameters: responseSizes.map((size) => ({ size })) };
    const { sizes, ended } = await unary(caller, "TestService/StreamingOutputCall", request);
    expectEqual([ended.code, sizes], [Code.OK, responseSizes]);
  },

  async ping_pong(caller) {
    const call = caller.call("TestService/FullDuplexCall");
    const answers = call.messages[Symbol.asyncIterator]();
    for (const [turn, size] of responseSizes.entries()) {
      call.send({ responseParameters: [{ size }], payload: zeros(requestSizes[turn] ?? 0) });
      expectEqual(await nextSize(answers), size);
    }
    call.end();
    expectEqual(await nextSize(answers), undefined);
    expectEqual((await call.ended).code, Code.OK);
  },

  async empty_stream(caller) {
    const call = caller.call("TestService/FullDuplexCall");
    call.end();
    const { answers, ended } = await all(call);
    expectEqual([ended.code, answers], [Code.OK, []]);
  },

  async cancel_after_begin(caller) {
    const call = caller.call("TestService/StreamingInputCall");
    call.cancel();
    expectEqual((await call.ended).code, Code.CANCELLED);
  },

  async cancel_after_first_response(caller) {
    const call = caller.call("TestService/FullDuplexCall");
    call.send({ responseParameters: [{ size: 31_415 }], payload: zeros(27_182) });
    expectEqual(await nextSize(call.messages[Symbol.asyncIterator]()), 31_415);
    call.cancel();
    expectEqual((await call.ended).code, Code.CANCELLED);
  },

  async timeout_on_sleeping_server(caller) {
    const call = caller.call("TestService/FullDuplexCall", { timeoutMs: 1 });
    call.send({ payload: zeros(27_182) });
    expectEqual((await call.ended).code, Code.DEADLINE_EXCEEDED);
  },

  async status_code_and_message(caller) {
    const responseStatus = { code: Code.UNKNOWN, message: "test status message" };
    const { ended } = await unary(caller, "TestService/UnaryCall", { responseStatus });
    const streamed = await unary(caller, "TestService/FullDuplexCall", { responseStatus });
    for (const { code, message } of [ended, streamed.ended]) expectEqual({ code, message }, responseStatus);
  },

  async special_status_message(caller) {
    const message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
    const responseStatus = { code: Code.UNKNOWN, message };
    const { ended } = await unary(caller, "TestService/UnaryCall", { responseStatus });
    expectEqual([ended.code, ended.message], [Code.UNKNOWN, message]);
  },

  async custom_metadata(caller) {
    const initial = ["x-grpc-test-echo-initial", "test_initial_metadata_value"] as const;
    const trailing = ["x-grpc-test-echo-trailing-bin", "q6ur"] as const;
    const settings = { metadata: Object.fromEntries([initial, trailing]) };
    const request = { responseParameters: [{ size: 1 }], payload: zeros(1) };
    const once = await unary(caller, "TestService/UnaryCall", {}, settings);
    const streamed = await unary(caller, "TestService/FullDuplexCall", request, settings);
    for (const { ended } of [once, streamed]) {
      expectEqual(ended.code, Code.OK);
      expectEqual(ended.header(initial[0]), initial[1]);
      expectEqual(ended.trailer(trailing[0]), trailing[1]);
    }
  },

  async unimplemented_method(caller) {
    const { ended } = await unary(caller, "TestService/UnimplementedCall", {});
    expectEqual(ended.code, Code.UNIMPLEMENTED);
  },

  async unimplemented_service(caller) {
    const { ended } = await unary(caller, "UnimplementedService/UnimplementedCall", {});
    expectEqual(ended.code, Code.UNIMPLEMENTED);
  },
};

interface Outcome {
  readonly answers: readonly Answer[];
  /** Of the payloads. */
  readonly sizes: readonly number[];
  readonly ended: Ended;
}

function unary(caller: Caller, method: string, request: object, settings?: CallSettings): Promise<Outcome> {
  const call = caller.call(method, settings);
  call.send(request);
  call.end();
  return all(call);
}

async function all(call: InteropCall): Promise<Outcome> {
  const answers: Answer[] = [];
  for await (const answer of call.messages) answers.push(answer);
  return { answers, sizes: answers.map(({ payload }) => payload?.body.length ?? 0), ended: await call.ended };
}

/** The size of the next answer's payload; undefined where there is none. */
async function nextSize(answers: AsyncIterator<Answer>): Promise<number | undefined> {
  const next = await answers.next();
  return next.done ? undefined : next.value.payload?.body.length;
}

function zeros(size: number): { body: Buffer } {
  return { body: Buffer.alloc(size) };
}
