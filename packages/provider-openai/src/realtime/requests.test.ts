import { describe, expect, it } from "vitest";
import { Vendor } from "./vendor.fixture.ts";

const text = (v: Vendor, said: string): void => v.protocol.sendText(said, {});
const cancels = (v: Vendor): unknown[] => v.of("response.cancel").map(({ response_id }) => response_id);

/** With a call of each id made and not answered. */
function calling(...ids: string[]): Vendor {
  const v = new Vendor();
  v.begin("r0");
  for (const id of ids) v.call("r0", id);
  v.done("r0");
  return v;
}

describe("an interruption before the response exists", () => {
  it("cancels it once it does, once", () => {
    const v = new Vendor();
    text(v, "tell me");
    v.protocol.interrupt();
    v.protocol.interrupt();
    expect(cancels(v)).toEqual([]);
    v.begin("r1");
    v.protocol.interrupt();
    expect(cancels(v)).toEqual(["r1"]);
    v.audio("r1", "i1", 100);
    v.done("r1", "cancelled");
    expect([v.asked, v.events.some(({ type }) => type === "audio"), v.clock.pendingTimers]).toEqual([1, false, 0]);
  });

  it("does not hit what is asked for after it", () => {
    const v = new Vendor();
    text(v, "tell me");
    v.protocol.interrupt();
    text(v, "or rather this");
    v.begin("r1");
    v.done("r1", "cancelled");
    expect([cancels(v), v.asked]).toEqual([["r1"], 2]);
    v.begin("r2");
    v.audio("r2", "i2", 100);
    v.done("r2");
    expect([cancels(v).length, v.asked, v.events.filter(({ type }) => type === "audio").length]).toEqual([1, 2, 5]);
  });

  it("gives up what waits for its turn", () => {
    const v = new Vendor();
    text(v, "one");
    text(v, "two");
    v.protocol.interrupt();
    v.begin("r1");
    v.done("r1", "cancelled");
    expect(v.asked).toBe(1);
  });

  it("reaches the answer the vendor is about to give to speech, and no later one", () => {
    const v = new Vendor();
    v.speechStarted("u1");
    v.speechStopped("u1");
    v.protocol.interrupt();
    v.begin("r1");
    expect(cancels(v)).toEqual(["r1"]);
    v.done("r1", "cancelled");
    v.speechStarted("u2");
    v.speechStopped("u2", "u1");
    v.protocol.interrupt();
    v.speechStarted("u3");
    v.speechStopped("u3", "u2");
    v.begin("r3");
    expect(cancels(v)).toEqual(["r1"]);
  });

  it("of a request that is refused leaves nothing behind", () => {
    const v = new Vendor();
    text(v, "tell me");
    v.protocol.interrupt();
    v.refuse("response.create", "rate_limit_exceeded");
    text(v, "again");
    v.begin("r1");
    expect([cancels(v), v.asked]).toEqual([[], 2]);
  });

  it("of nothing sends nothing", () => {
    const v = new Vendor();
    v.protocol.interrupt();
    text(v, "hello");
    v.begin("r1");
    v.done("r1");
    v.protocol.interrupt();
    expect(cancels(v)).toEqual([]);
  });

  it("while the connection is away takes back what the next would be asked for", () => {
    const v = new Vendor();
    text(v, "tell me");
    v.lose();
    v.protocol.interrupt();
    v.connect();
    expect(v.asked).toBe(1);
  });
});

describe("texts in a row", () => {
  it("are all answered: what came after the request by one more", () => {
    const v = new Vendor();
    for (const said of ["one", "two", "three"]) text(v, said);
    expect(v.asked).toBe(1);
    v.begin("r1");
    v.done("r1");
    expect(v.asked).toBe(2);
    v.begin("r2");
    v.done("r2");
    expect([v.asked, v.clock.pendingTimers]).toEqual([2, 0]);
  });

  it.each(["completed", "cancelled", "failed", "incomplete"])("when the first is %s", (status) => {
    const v = new Vendor();
    text(v, "one");
    v.begin("r1");
    text(v, "two");
    v.done("r1", status);
    v.done("r1", status);
    expect(v.asked).toBe(2);
  });

  it("at a vendor that does not say what it has read", () => {
    const v = new Vendor();
    v.acknowledges = false;
    text(v, "one");
    text(v, "two");
    v.begin("r1");
    v.done("r1");
    expect(v.asked).toBe(2);
    v.begin("r2");
    v.done("r2");
    expect(v.asked).toBe(2);
  });

  it("when the first is refused, which is told", () => {
    const v = new Vendor();
    text(v, "one");
    text(v, "two");
    v.refuse("response.create", "rate_limit_exceeded");
    expect(v.events).toMatchObject([{ type: "error", fatal: false }]);
    expect(v.asked).toBe(2);
  });

  it("of which one is no item to the vendor: there is nothing to answer", () => {
    const v = new Vendor();
    v.acknowledges = false;
    text(v, "one");
    v.begin("r1");
    text(v, "two");
    v.refuse("conversation.item.create", "invalid_value");
    v.done("r1");
    expect([v.asked, v.events.filter(({ type }) => type === "error").length]).toEqual([1, 1]);
  });
});

describe("a request that meets a response of the vendor's own", () => {
  it("is asked for again after it when that had not read it", () => {
    const v = new Vendor();
    v.acknowledges = false;
    text(v, "one");
    v.say("conversation.item.added", { item: v.of("conversation.item.create")[0]?.item });
    v.begin("r1");
    v.done("r1");
    text(v, "two");
    v.begin("own");
    v.say("conversation.item.added", { item: v.of("conversation.item.create")[1]?.item });
    v.refuse("response.create", "conversation_already_has_active_response");
    expect(v.asked).toBe(2);
    v.done("own");
    expect([v.asked, v.events.filter(({ type }) => type === "error").length]).toEqual([3, 0]);
  });

  it("is not when it had", () => {
    const v = new Vendor();
    text(v, "one");
    v.begin("own");
    v.refuse("response.create", "conversation_already_has_active_response");
    v.done("own");
    expect(v.asked).toBe(1);
  });

  it("nobody ever hears of tries again, and gives up with a word", async () => {
    const v = new Vendor();
    text(v, "one");
    for (let turn = 0; turn < 10; turn++) {
      v.refuse("response.create", "conversation_already_has_active_response");
      await v.clock.advance(2_000);
    }
    expect([v.asked, v.events.map(({ type }) => type), v.clock.pendingTimers]).toEqual([5, ["error"], 0]);
    text(v, "two");
    expect(v.asked).toBe(6);
  });
});

describe("while the caller speaks", () => {
  const asks: [string, () => Vendor, (v: Vendor) => void][] = [
    ["a tool result", () => calling("c1"), (v) => v.protocol.submitToolResult("c1", "done")],
    ["a text", () => calling(), (v) => text(v, "and this")],
  ];

  it.each(asks)("%s is held, and the vendor's answer to the speech covers it", async (_name, start, ask) => {
    const v = start();
    v.speechStarted("u1");
    ask(v);
    expect([v.asked, v.of("conversation.item.create").length]).toEqual([0, 1]);
    v.speechStopped("u1");
    v.begin("r1");
    v.done("r1");
    await v.clock.advance(100_000);
    expect([v.asked, v.clock.pendingTimers]).toEqual([0, 0]);
  });

  it.each(asks)("%s is asked for after it when the vendor leaves speech to us", (_name, _start, ask) => {
    const v = new Vendor({ turnDetection: { type: "server_vad", createResponse: false } });
    v.begin("r0");
    v.call("r0", "c1");
    v.done("r0");
    v.speechStarted("u1");
    v.protocol.submitToolResult("c1", "done");
    ask(v);
    expect(v.asked).toBe(0);
    v.speechStopped("u1");
    expect(v.asked).toBe(1);
  });

  it.each(asks)("%s is asked for when the vendor does not answer the speech after all", async (_name, start, ask) => {
    const v = start();
    v.speechStarted("u1");
    ask(v);
    v.speechStopped("u1");
    await v.clock.advance(1_999);
    expect(v.asked).toBe(0);
    await v.clock.advance(1);
    expect(v.asked).toBe(1);
  });

  it.each(asks)("%s is not held for ever by speech that never ends", async (_name, start, ask) => {
    const v = start();
    v.speechStarted("u1");
    ask(v);
    await v.clock.advance(60_000);
    expect(v.asked).toBe(1);
  });

  it.each(asks)("%s is asked for when the speech turns out to be none", (_name, start, ask) => {
    const v = start();
    v.speechStarted("u1");
    ask(v);
    v.say("input_audio_buffer.cleared");
    expect(v.asked).toBe(1);
  });

  it("a response asked for just before is not begun, and the vendor's answer to the speech covers it", () => {
    const v = new Vendor();
    text(v, "one");
    v.speechStarted("u1");
    v.begin("r1");
    expect(cancels(v)).toEqual(["r1"]);
    v.done("r1", "cancelled");
    v.speechStopped("u1");
    v.begin("own");
    v.done("own");
    expect([v.asked, cancels(v).length]).toEqual([1, 1]);
  });

  it("the end may be told by the commit alone", () => {
    const v = calling("c1");
    v.speechStarted("u1");
    v.protocol.submitToolResult("c1", "done");
    v.say("input_audio_buffer.committed", { item_id: "u1", previous_item_id: null });
    expect(v.events.at(-1)?.type).toBe("speech-end");
    v.begin("r1");
    v.done("r1");
    expect(v.asked).toBe(0);
  });

  it("a result that crosses the vendor's answer is answered after it", () => {
    const v = new Vendor();
    text(v, "book it");
    v.begin("r1");
    v.call("r1", "c1");
    v.done("r1");
    v.speechStarted("u1");
    v.acknowledges = false;
    v.protocol.submitToolResult("c1", "done");
    v.speechStopped("u1");
    v.begin("own");
    v.say("conversation.item.added", { item: v.of("conversation.item.create").at(-1)?.item });
    v.done("own");
    expect(v.asked).toBe(2);
  });

  it("by hand, one request is for the turn and for what came in it", () => {
    const v = new Vendor({}, { turnDetection: "manual" });
    v.protocol.activityStart();
    text(v, "in it");
    v.protocol.sendAudio({ samples: new Int16Array(4_800), sampleRate: 24_000, channels: 1, timestamp: 0 });
    expect(v.asked).toBe(0);
    v.protocol.activityEnd();
    expect(v.sent.map(({ type }) => type).slice(-2)).toEqual(["input_audio_buffer.commit", "response.create"]);
    v.begin("r1");
    v.done("r1");
    expect(v.asked).toBe(1);
  });
});

describe("tool results", () => {
  it("of calls side by side are asked about once, after the last", () => {
    const v = calling("c1", "c2", "c3");
    for (const id of ["c2", "c3"]) v.protocol.submitToolResult(id, "done");
    expect(v.asked).toBe(0);
    v.protocol.submitToolResult("c1", "done");
    v.protocol.submitToolResult("c1", "done again");
    v.protocol.submitToolResult("c9", "never called");
    v.begin("r1");
    v.done("r1");
    expect([v.asked, v.of("conversation.item.create").length]).toEqual([1, 3]);
  });

  it("that come while another response is under way wait for its end", () => {
    const v = calling("c1");
    v.begin("r1");
    v.protocol.submitToolResult("c1", "done");
    expect(v.asked).toBe(0);
    v.done("r1");
    expect(v.asked).toBe(1);
  });

  it("that never come do not hold a text up for ever", async () => {
    const v = calling("c1");
    text(v, "are you there?");
    expect(v.asked).toBe(0);
    await v.clock.advance(60_000);
    expect(v.asked).toBe(1);
  });

  it("reach the next connection when the one of their call is gone: nothing is done twice", () => {
    const v = calling("c1", "c2");
    v.protocol.submitToolResult("c1", "booked");
    v.lose();
    expect(v.events.some(({ type }) => type === "tool-call-cancelled")).toBe(false);
    v.sent.length = 0;
    v.connect();
    v.protocol.submitToolResult("c2", "late");
    expect(v.of("conversation.item.create").map(({ item }) => item)).toMatchObject([
      { type: "function_call", call_id: "c1" },
      { type: "function_call_output", call_id: "c1", output: "booked" },
      { type: "function_call", call_id: "c2" },
      { type: "function_call_output", call_id: "c2", output: "late" },
    ]);
    expect(v.asked).toBe(1);
  });

  it("are asked for once, however often the vendor tells of the call", () => {
    const v = calling("c1", "c1");
    v.protocol.submitToolResult("c1", "done");
    v.begin("r1");
    v.call("r1", "c1");
    v.done("r1");
    expect(v.events.filter(({ type }) => type === "tool-call")).toHaveLength(1);
  });

  it("are not made of a call that was cut off in the middle of its arguments", () => {
    const v = new Vendor();
    v.begin("r1");
    const item = { type: "function_call", call_id: "c1", name: "book", arguments: '{"da', status: "incomplete" };
    v.say("response.output_item.done", { response_id: "r1", item });
    v.done("r1", "cancelled");
    expect([v.sent.length, v.events.map(({ type }) => type)]).toEqual([1, ["response-start", "response-end"]]);
  });
});
