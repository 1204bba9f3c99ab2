import { ok } from "node:assert/strict";
import fc from "fast-check";
import { cuts } from "../bytes.js";
import { fuzzTarget } from "../fuzz-target.js";
import { answersIn, isLast } from "../http1/answers.js";
import { Door, type Heard } from "../http1/door.js";
import { bytesOfRequest, type Fault, type FuzzedRequest, request } from "../http1/requests.js";

const goodbye = "GET /v1/namespaces/orders HTTP/1.1\r\nhost: prism.test\r\nconnection: close\r\n\r\n";

/**
 * Connections of HTTP/1.1 with requests of any kind, one behind the other, cut anywhere: each is answered once, in its
 * turn and to the letter, or the connection ends there; nothing behind a faulty one is. Then all is as ever.
 */
export const http1Door = fuzzTarget({
  name: "http1-door",
  testRuns: 100,
  input: fc.record({
    requests: fc.array(request, { minLength: 1, maxLength: 5 }),
    cuts,
    leaves: fc.nat(9).map((one) => one === 0),
  }),
  open: async () => {
    const door = await Door.open();
    return {
      close: () => door.close(),
      check: async ({ requests, cuts: lengths, leaves }) => {
        door.reset();
        const faulty = requests.findIndex(({ fault }) => fault !== "none");
        const breaksOff = requests.findIndex(({ fault }) => fault === "breaks off");
        const sent = breaksOff < 0 ? requests : requests.slice(0, breaksOff + 1);
        const bytes = Buffer.concat([...sent.map(bytesOfRequest), Buffer.from(breaksOff < 0 ? goodbye : "")]);
        const isLeft = leaves || breaksOff >= 0;
        const heard = await door.say(bytes, lengths, isLeft);
        if (!isLeft) checkAnswers(heard, requests, faulty);
        await door.checkUsual();
      },
    };
  },
});

/** One answer each up to the last, and none for a faulty request but a refusal, nor for what is behind it. */
function checkAnswers(heard: Heard, requests: readonly FuzzedRequest[], faulty: number): void {
  const fault = requests[faulty]?.fault;
  const begunBehind = fault === "bytes behind the body" ? 1 : 0;
  const answers = answersIn(heard, verbsOf(requests));
  const most = (faulty < 0 ? requests.length : faulty + begunBehind) + 1;
  ok(answers.length <= most, `${answers.length} answers where ${most} requests were sound or refused`);
  const isInTurn = !heard.bytes.includes("the request is no HTTP/1.1") || answers.length === most;
  ok(isInTurn, "a sound request was answered what belongs to the one behind it");
  for (const { status } of answers) ok(status !== 500, "a bug was answered");
  // What does not even begin as HTTP does is answered nothing.
  if (fault === "an unknown method" && faulty === 0 && answers.length === 0) return;
  if (heard.isReset) return;
  const last = answers.findIndex(isLast);
  ok(last === answers.length - 1, `answer ${last} of ${answers.length} says that it is the last`);
  const refused = answers[faulty + begunBehind];
  ok(refused === undefined || refused.status === 400, `what is faulty was answered ${refused?.status}`);
}

const withMethod: readonly Fault[] = ["none", "bytes behind the body", "no host", "two hosts"];

/** What is no request has no method: it is told with a body what is wrong. */
function verbsOf(requests: readonly FuzzedRequest[]): string[] {
  const faulty = requests.findIndex(({ fault }) => fault !== "none");
  return requests
    .slice(0, faulty < 0 ? requests.length : faulty + 1)
    .map(({ verb, fault }) => (withMethod.includes(fault) ? verb : ""));
}
