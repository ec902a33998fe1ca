import type { VoiceChannel } from "@roomkit/channel-voice";
import { RoomKitError } from "@roomkit/core";
import { FakeConnection, settle, tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { type Person, type RigOptions, rig } from "./rig.fixture.ts";

const LONG = "This is a long answer that goes on for quite a while, and then some more of it.";
const finals = (...texts: string[]) => texts.map((text) => ({ finals: [text] }));

async function attended(options: RigOptions = {}) {
  const r = await rig(options);
  const ann = await r.operator("ann");
  const [take, giveBack] = (["talk", "listen"] as const).map(
    (mode) =>
      (who: Person = ann) =>
        r.operators.setMode(who.session.id, mode),
  ) as [(who?: Person) => void, (who?: Person) => void];
  /** What the model was asked last. */
  const asked = (): string => JSON.stringify(r.model.requests.at(-1)?.messages ?? []);
  const told = ({ connection }: Person) => connection.messages("data").map(({ payload }) => payload);
  const code = async (work: () => unknown): Promise<string> => {
    try {
      await work();
      return "none";
    } catch (error) {
      return RoomKitError.from(error).code;
    }
  };
  return { ...r, ann, take, giveBack, asked, told, code };
}
/** What a caller's client was shown as the assistant's. */
const shown = ({ connection }: Person): string[] =>
  connection.messages("transcript").flatMap(({ role, text, final }) => (role === "assistant" && final ? [text] : []));

describe("take over", () => {
  it("in the middle of a word: silent at once, the log has what was heard", async () => {
    const c = await attended({ stt: finals("Hello."), answers: [LONG] });
    await c.callerSays();
    await c.clock.advanceUntil(() => c.caller.connection.queuedMs > 0);
    await c.clock.advance(500);
    c.take();
    expect([c.caller.connection.queuedMs, c.caller.connection.clears]).toEqual([0, 1]);
    await c.clock.advance(5_000);
    const log = await c.log();
    const heard = log.find((line) => line.startsWith("assistant: ")) ?? "";
    expect(heard.length).toBeGreaterThan("assistant: ".length);
    expect(LONG.startsWith(heard.slice("assistant: ".length))).toBe(true);
    expect(heard).not.toContain(LONG);
    // And then that somebody else speaks.
    expect(log.at(-1)).toMatch(/^system: A colleague speaks with the caller now/);
    expect(c.told(c.ann).at(-1)).toEqual({ mode: "talk", talking: ["ann"], call: c.caller.session.id });
    expect(c.clock.pendingTimers).toBeLessThan(5);
  });

  it("while the assistant thinks: its model stops, nothing is said", async () => {
    const c = await attended({ stt: finals("Hello."), answers: [LONG], msPerWord: 500 });
    await c.callerSays();
    await c.clock.advanceUntil(() => c.model.open > 0);
    c.take();
    await c.clock.advance(10_000);
    expect([c.model.open, c.model.aborted, c.caller.speaker.length]).toEqual([0, 1, 0]);
    expect((await c.log()).filter((line) => !line.startsWith("system"))).toEqual(["caller: Hello."]);
  });

  it("while the caller speaks: they are heard to their end, and not answered", async () => {
    const c = await attended({ stt: finals("Hello."), answers: [LONG] });
    await c.speak(80, [[c.caller, undefined]]);
    c.stream.speechStart(60);
    await c.speak(300, [[c.caller, undefined]]);
    c.take();
    await c.speak(800, [[c.caller, undefined]]);
    c.stream.speechEnd(500);
    await c.clock.advance(5_000);
    expect(await c.log()).toContain("caller: Hello.");
    expect([c.model.requests.length, c.caller.speaker.length]).toEqual([0, 0]);
  });

  it("and a caller who speaks again before their words are in the room cuts nobody off", async () => {
    const c = await attended({ stt: finals("One.", "Two."), voice: { interruption: { strategy: "immediate" } } });
    // A hook takes its time.
    c.kit.hook("BEFORE_BROADCAST", async () => {
      await c.clock.sleep(2_000);
      return { action: "allow" };
    });
    const asked: string[] = [];
    c.kit.hook("BEFORE_AI_GENERATION", ({ channelId }) => {
      asked.push(channelId);
      return { action: "allow" };
    });
    c.take();
    await c.callerSays();
    const { clears } = c.caller.connection;
    const before = c.caller.speaker.length;
    const both = [
      [c.caller, undefined],
      [c.ann, tone(16_000, 600, 700, 2_000)],
    ] as const;
    await c.speak(80, both);
    c.stream.speechStart(60);
    await c.speak(600, both);
    c.stream.speechEnd(0);
    await c.speak(600, both);
    expect([c.caller.connection.clears - clears, c.caller.speaker.length - before > 24_000]).toEqual([0, true]);
    await c.clock.advance(10_000);
    expect((await c.log()).filter((line) => line.startsWith("caller"))).toEqual(["caller: One.", "caller: Two."]);
    expect(asked).toEqual([]);
  });

  it("while a late answer is waited for: neither a filler is said nor the answer", async () => {
    const c = await attended({ voice: { toolFiller: "One moment." }, answers: ["Here it is."], msPerWord: 3_000 });
    // Another channel's question, which nobody interrupts by taking over.
    const asked = c.kit.sendEvent(c.room.id, {
      ...{ content: { type: "text", text: "Tell them." }, source: { role: "user" } },
      correlationId: "elsewhere",
    });
    await c.clock.advance(500);
    c.take();
    await c.clock.advance(20_000);
    await asked;
    expect([shown(c.caller), c.tts.spoken]).toEqual([[], []]);
  });

  it("before the greeting is over: the rest is not said", async () => {
    const c = await attended({ voice: { greeting: LONG } });
    await c.clock.advanceUntil(() => c.caller.connection.queuedMs > 0);
    c.take();
    await c.clock.advance(10_000);
    expect(c.caller.connection.queuedMs).toBe(0);
  });

  it("and nothing breaks the silence, nor answers what is typed, nor what the application says", async () => {
    const idle = { afterMs: 2_000, say: "Are you there?", times: 5 };
    const c = await attended({ voice: { idle }, answers: [LONG] });
    c.take();
    await c.clock.advance(9_000);
    c.caller.connection.input({ type: "text", text: "I type." });
    c.caller.connection.input({ type: "interrupt" });
    await c.clock.advance(1_000);
    const voice = c.voice as VoiceChannel;
    expect(await c.code(() => voice.say(c.caller.session.id, "Hello."))).toBe("taken_over");
    expect(await c.code(() => voice.sendDtmf(c.caller.session.id, "1"))).toBe("taken_over");
    // Somebody else in the room asks; the assistant's words would be for the caller.
    await c.kit.sendEvent(c.room.id, { content: { type: "text", text: "And I?" }, source: { role: "user" } });
    await c.clock.advance(9_000);
    expect([shown(c.caller), c.caller.speaker.length]).toEqual([[], 0]);
    expect((await c.log()).filter((line) => !line.startsWith("system"))).toEqual(["caller: I type.", "user: And I?"]);
  });

  it("is one: the next who speaks joins, and the assistant is back when the last has given back", async () => {
    const c = await attended({ stt: finals("One.", "Two."), answers: ["Yes."] });
    const bob = await c.operator("bob");
    c.take();
    c.take(bob);
    c.take(bob);
    expect(c.told(c.ann).at(-1)).toMatchObject({ talking: ["ann", "bob"] });
    c.giveBack();
    await c.callerSays();
    expect(c.model.requests.length).toBe(0);
    c.giveBack(bob);
    c.giveBack(bob);
    await c.callerSays();
    await c.clock.advance(3_000);
    expect(shown(c.caller)).toEqual(["Yes."]);
    expect(c.events).toEqual(["call_taken_over: ann", "call_given_back: given_back"]);
  });

  it("is refused by a call that somebody else has, or that is over", async () => {
    const c = await attended();
    const [call] = (c.voice as VoiceChannel).attendable(c.room.id);
    const takeover = call?.takeOver();
    expect(await c.code(() => c.take())).toBe("taken_over");
    expect(c.operators.mode(c.ann.session.id)).toBe("listen");
    takeover?.giveBack();
    takeover?.giveBack();
    c.take();
    await c.caller.connection.close();
    expect(await c.code(() => call?.takeOver())).toBe("call_ended");
    expect(await c.code(() => call?.tell("Hello."))).toBe("call_ended");
  });
});

describe("give back", () => {
  it("the assistant knows what was said meanwhile, and by whom", async () => {
    const c = await attended({
      stt: finals("I want a refund.", "Thank you.", "What was agreed?"),
      operatorStt: finals("You get ten euros back."),
      answers: ["I cannot do that.", "Ten euros."],
    });
    await c.kit.updateParticipant(c.room.id, "ann", { displayName: "Ann" });
    await c.callerSays();
    await c.clock.advance(3_000);
    c.take();
    await c.says(c.ann, c.operatorStream());
    await c.callerSays();
    c.giveBack();
    await c.callerSays();
    await c.clock.advance(3_000);
    expect(await c.log()).toEqual([
      "caller: I want a refund.",
      "assistant: I cannot do that.",
      expect.stringMatching(/^system: A colleague, Ann, speaks with the caller now.*said by them/),
      "ann: You get ten euros back.",
      "caller: Thank you.",
      expect.stringMatching(/^system: The call is given back to you/),
      "caller: What was agreed?",
      "assistant: Ten euros.",
    ]);
    expect(c.asked()).toMatch(
      /I cannot do that.*Ann, speaks with.*You get ten euros back.*Thank you.*given back.*What was/,
    );
    // The caller reads what the person said as well; nobody spoke it a second time.
    expect(shown(c.caller)).toEqual(["I cannot do that.", "You get ten euros back.", "Ten euros."]);
    expect(c.tts.spoken.join(" ")).not.toContain("ten euros back");
  });

  it("while the caller speaks: they are heard to their end, and answered", async () => {
    const c = await attended({ stt: finals("Hello."), answers: ["Yes."] });
    c.take();
    await c.speak(80, [[c.caller, undefined]]);
    c.stream.speechStart(60);
    await c.speak(300, [[c.caller, undefined]]);
    c.giveBack();
    await c.speak(800, [[c.caller, undefined]]);
    c.stream.speechEnd(500);
    await c.clock.advance(3_000);
    expect(shown(c.caller)).toEqual(["Yes."]);
  });

  it("the last words of a person are in the log before the next answer, however late they are recognised", async () => {
    const c = await attended({
      stt: finals("And now?"),
      operatorStt: [{ finals: ["Ten euros."], delayMs: 1_500 }],
      answers: ["Ten."],
    });
    c.take();
    await c.speak(80, [[c.ann, undefined]]);
    c.operatorStream().speechStart(60);
    await c.speak(400, [[c.ann, undefined]]);
    c.giveBack();
    await c.callerSays(100);
    await c.clock.advance(4_000);
    expect(c.asked()).toMatch(/Ten euros.*And now/);
    expect(c.operatorStt.open).toBe(0);
  });

  it("by the end of the call: who counts takeovers counts as many ends", async () => {
    const c = await attended();
    c.take();
    await c.caller.connection.close({ code: "client_closed", message: "" });
    await c.clock.advance(3_000);
    expect(c.events).toEqual(["call_taken_over: ann", "call_given_back: call_ended"]);
  });

  it("by an operator whose client is gone: at once, and the caller is answered", async () => {
    const c = await attended({ stt: finals("Hello?"), answers: ["Yes."] });
    c.take();
    await c.ann.connection.close({ code: "client_lost", message: "" });
    await c.callerSays();
    await c.clock.advance(3_000);
    expect(shown(c.caller)).toEqual(["Yes."]);
    expect(c.events).toEqual(["call_taken_over: ann", "call_given_back: client_lost"]);
    expect([c.operators.sessions, c.desk.bound]).toEqual([[], 0]);
  });

  it("by an operator of whom nothing comes any more, as of a client that is away; not by one who is muted", async () => {
    const c = await attended({ operator: { awayMs: 5_000 } });
    c.take();
    c.ann.connection.input({ type: "mute", muted: true });
    await c.clock.advance(60_000);
    expect(c.operators.mode(c.ann.session.id)).toBe("talk");
    c.ann.connection.input({ type: "mute", muted: false });
    await c.speak(6_000, [[c.ann, undefined]]);
    await c.clock.advance(4_900);
    expect(c.operators.mode(c.ann.session.id)).toBe("talk");
    await c.clock.advance(200);
    expect([c.operators.mode(c.ann.session.id), c.events.at(-1)]).toEqual(["listen", "call_given_back: away"]);
    expect(c.told(c.ann).at(-1)).toMatchObject({ mode: "listen", talking: [] });
  });

  it("a hook that takes a number out of what is said takes it out of what people say, too", async () => {
    const c = await attended({ operatorStt: finals("My number is 4111.", "Only this: 4111.") });
    c.kit.hook("ON_TRANSCRIPTION", ({ text }) => {
      if (text.startsWith("Only")) return { action: "block", reason: "no numbers" };
      return { action: "modify", payload: { text: text.replace(/\d+/g, "***") } };
    });
    c.take();
    await c.says(c.ann, c.operatorStream());
    await c.says(c.ann, c.operatorStream());
    expect((await c.log()).filter((line) => line.startsWith("ann"))).toEqual(["ann: My number is ***."]);
    expect(JSON.stringify([c.caller.connection.sent, c.ann.connection.sent])).not.toMatch(/\b4111\b/);
  });

  it("what a person had said already is still played, and the assistant after it", async () => {
    const c = await attended({ stt: finals("Hello?"), answers: ["Yes."] });
    c.take();
    await c.speak(400, [[c.ann, tone(16_000, 400, 700, 2_000)]]);
    c.giveBack();
    await c.clock.advance(200);
    const out = c.caller.speaker.since(0);
    const rate = c.caller.speaker.format.sampleRate;
    const loud = out.filter((sample) => Math.abs(sample) > 1_000).length;
    // A sine of that level is above 1,000 for 77 % of its time.
    expect(loud / rate / 0.77).toBeGreaterThan(0.38);
  });
});

it("costs nothing while nobody attends", async () => {
  const r = await rig();
  const listeners = (): number[] => [r.caller.connection.listeners, r.stream.listeners, r.clock.pendingTimers];
  const before = listeners();
  const ann = await r.operator("ann");
  await r.speak(100, [[r.caller, undefined]]);
  expect(listeners()).not.toEqual(before);
  await ann.connection.close();
  await r.clock.advance(2_000);
  expect(listeners()).toEqual(before);
});

describe("the end", () => {
  it("of the call ends the sessions of who attends it, also while they speak", async () => {
    const c = await attended({ operatorStt: [] });
    const bob = await c.operator("bob");
    c.take();
    await c.speak(200, [[c.ann, undefined]]);
    const ended: string[] = [];
    for (const { connection } of [c.ann, bob]) connection.onClose(({ code }) => void ended.push(code));
    await c.caller.connection.close({ code: "client_closed", message: "" });
    await c.clock.advance(20_000);
    expect([ended, c.operators.sessions]).toEqual([["call_ended", "call_ended"], []]);
    const { timers, streams, pipelines, sessions } = c.left();
    expect([timers, streams, sessions]).toEqual([0, [0, 0, 0, 0], [0, 0]]);
    expect(pipelines).toEqual(pipelines.map(() => [true, 0]));
    // Those of this test.
    expect([c.ann, bob, c.caller].map(({ connection }) => connection.listeners)).toEqual([2, 2, 1]);
    expect(c.logged).toEqual([]);
  });

  it("of an operator's channel gives every call back", async () => {
    const c = await attended({ stt: finals("Hello?"), answers: ["Yes."] });
    c.take();
    await c.operators.close();
    await c.callerSays();
    await c.clock.advance(3_000);
    expect([shown(c.caller), c.ann.connection.closed]).toEqual([["Yes."], true]);
  });

  it("of a process waits for people who speak with each other", async () => {
    const c = await attended();
    c.take();
    let over = false;
    const draining = c.kit.drain({ timeoutMs: 1_000, handOverMs: 5_000 }).then(() => {
      over = true;
    });
    await c.clock.advance(4_000);
    expect([over, c.caller.connection.closed]).toEqual([false, false]);
    await c.clock.advance(3_000);
    await draining;
    expect([c.caller.connection.closed, c.ann.connection.closed]).toEqual([true, true]);
  });
});

describe("mute", () => {
  it.each(["caller", "ann"] as const)("of %s: the other hears nothing of them", async (who) => {
    const c = await attended();
    c.take();
    const [muted, other] = who === "ann" ? [c.ann, c.caller] : [c.caller, c.ann];
    muted.connection.input({ type: "mute", muted: true });
    const loud = (): boolean => other.speaker.since(0).some((sample) => Math.abs(sample) > 500);
    await c.speak(400, [[muted, tone(16_000, 400, 700, 2_000)]]);
    expect(loud()).toBe(false);
    muted.connection.input({ type: "mute", muted: false });
    await c.speak(400, [[muted, tone(16_000, 400, 700, 2_000)]]);
    expect(loud()).toBe(true);
  });
});

describe("whisper", () => {
  it("during an answer: it goes on, and the next one knows", async () => {
    const c = await attended({ stt: finals("Hello.", "How much?"), answers: [LONG, "Half."] });
    await c.callerSays();
    await c.clock.advanceUntil(() => c.caller.connection.queuedMs > 0);
    const whispered = c.operators.whisper(c.ann.session.id, "Offer half the price.");
    await c.clock.advance(10_000);
    await whispered;
    expect(shown(c.caller)).toEqual([LONG]);
    await c.callerSays();
    await c.clock.advance(3_000);
    expect(c.asked()).toContain("unheard by the caller: Offer half the price.");
    const seen = JSON.stringify([c.caller.connection.sent, c.ann.connection.sent]);
    expect([seen.includes("half the price"), c.tts.spoken.join().includes("half the price")]).toEqual([false, false]);
  });

  it("upon which the assistant is to say something: it does, unless somebody takes over before", async () => {
    const c = await attended({ answers: ["You get half the price.", "And so on."], msPerWord: 100 });
    const whispered = c.operators.whisper(c.ann.session.id, "Offer half the price.", { respond: true });
    await c.clock.advance(5_000);
    await whispered;
    expect(shown(c.caller)).toEqual(["You get half the price."]);
    const late = c.operators.whisper(c.ann.session.id, "Go on.", { respond: true });
    await c.clock.advanceUntil(() => c.model.open > 0);
    c.take();
    await c.clock.advance(5_000);
    await late;
    expect(shown(c.caller)).toEqual(["You get half the price."]);
    expect(await c.code(() => c.operators.whisper(c.ann.session.id, "Again.", { respond: true }))).toBe("taken_over");
    expect(c.logged).toEqual([]);
  });

  it("needs words, and not too many", async () => {
    const c = await attended();
    for (const text of ["", "  ", "x".repeat(4_001), 7 as unknown as string])
      expect(await c.code(() => c.operators.whisper(c.ann.session.id, text))).toBe("invalid_option");
  });
});

describe("an operator's client", () => {
  it("says by messages what it wants, and is told what cannot be", async () => {
    const c = await attended();
    const send = async (payload: unknown): Promise<void> => {
      c.ann.connection.input({ type: "data", name: "operator", payload });
      await c.clock.advance(50);
    };
    await send({ mode: "talk" });
    expect(c.operators.mode(c.ann.session.id)).toBe("talk");
    await send({ mode: "listen", whisper: "Be brief." });
    c.ann.connection.input({ type: "text", text: "And polite." });
    await c.clock.advance(50);
    expect(c.operators.mode(c.ann.session.id)).toBe("listen");
    expect((await c.log()).join()).toMatch(/Be brief.*And polite/);
    const bad = [
      undefined,
      {},
      "talk",
      { mode: "shout" },
      { whisper: 7 },
      { whisper: "x", respond: 1 },
      { mode: null },
    ];
    for (const payload of bad) await send(payload);
    expect(c.ann.connection.messages("error").map(({ code }) => code)).toEqual(bad.map(() => "invalid_message"));
  });

  it("is shown what is said, but no whispers", async () => {
    const c = await attended({ stt: finals("Hello."), answers: ["Yes."] });
    await c.operators.whisper(c.ann.session.id, "Psst.");
    await c.callerSays();
    await c.clock.advance(3_000);
    const seen = c.ann.connection.messages("transcript").map(({ role, text }) => `${role}: ${text}`);
    expect(seen).toEqual(["user: Hello.", "assistant: Yes."]);
  });

  it("and by whom, where the room knows their names", async () => {
    const c = await attended({ stt: finals("Hello."), answers: ["Yes."] });
    const { participantId } = c.caller.session;
    await c.kit.updateParticipant(c.room.id, participantId, { displayName: "Carla" });
    await c.callerSays();
    await c.clock.advance(3_000);
    const say = async (text: string) => {
      const source = { channelId: "voice", roomId: c.room.id, participantId: "ann", role: "assistant" } as const;
      await c.kit.processInbound({ ...source, content: { type: "text", text } }, { unanswered: true });
    };
    await say("Who am I?");
    await c.kit.updateParticipant(c.room.id, "ann", { displayName: "Ann" });
    await say("I am Ann.");
    const seen = c.ann.connection.messages("transcript").map(({ speaker, text }) => `${speaker}: ${text}`);
    expect(seen).toEqual(["Carla: Hello.", "undefined: Yes.", "ann: Who am I?", "Ann: I am Ann."]);
  });
});

describe("permissions", () => {
  it("who may not write may listen, and only that; taken away in the middle, the call is given back", async () => {
    const c = await attended({ stt: finals("Hello?"), answers: ["Yes."] });
    c.take();
    await c.kit.setAccess(c.room.id, "operator", "read_only");
    expect(c.operators.mode(c.ann.session.id)).toBe("listen");
    expect(await c.code(() => c.take())).toBe("not_allowed");
    expect(await c.code(() => c.operators.whisper(c.ann.session.id, "Psst."))).toBe("not_allowed");
    await c.callerSays();
    await c.clock.advance(3_000);
    expect([shown(c.caller), c.ann.speaker.length > 0]).toEqual([["Yes."], true]);
    const before = c.ann.speaker.length;
    await c.kit.muteOutput(c.room.id, "operator");
    await c.speak(400, [[c.caller, undefined]]);
    // What was on its way.
    expect(c.ann.speaker.length - before).toBeLessThan(24_000 * 0.1);
  });

  it("to a caller to whom nothing may be brought, nobody speaks", async () => {
    const c = await attended();
    await c.kit.muteOutput(c.room.id, "voice");
    c.take();
    await c.speak(400, [[c.ann, tone(16_000, 400, 700, 2_000)]]);
    expect(c.caller.speaker.length).toBe(0);
    await c.kit.unmuteOutput(c.room.id, "voice");
    await c.speak(400, [[c.ann, tone(16_000, 400, 700, 2_000)]]);
    expect(c.caller.speaker.length).toBeGreaterThan(0);
  });

  it("there must be a call, room for one more, and the call that was named", async () => {
    const c = await attended({ operator: { maxOperators: 2 } });
    const bob = await c.operator("bob", {}, { call: c.caller.session.id });
    const [carl, dora] = [await c.operator("carl"), await c.operator("dora", {}, { call: "none" })];
    await settle();
    const codes: string[] = [];
    for (const { connection } of [bob, carl, dora]) connection.onClose(({ code }) => void codes.push(code));
    expect(codes).toEqual(["too_many_operators", "no_call"]);
    expect(c.operators.sessions.map(({ participantId }) => participantId)).toEqual(["ann", "bob"]);
  });

  it("row 60: a call of another room is none, though the session names it and knows its id", async () => {
    const c = await attended({ stt: finals("Hello."), answers: [LONG] });
    const other = await c.kit.createRoom();
    await c.kit.attachChannel(other.id, "operator");
    const session = await c.desk.connect(other.id, "eve", "operator", { call: c.caller.session.id, room: c.room.id });
    await c.kit.join(other.id, "operator", { session });
    const eve = new FakeConnection({ clock: c.clock, id: "eve" });
    const heard: number[] = [];
    eve.onPlayed(({ samples }) => void heard.push(samples.length));
    let code = "";
    eve.onClose((reason) => {
      code = reason.code;
    });
    c.desk.bind(session, eve);
    await c.callerSays();
    await c.clock.advance(2_000);
    expect([code, heard, eve.sent.filter(({ type }) => type === "transcript")]).toEqual(["no_call", [], []]);
    expect(c.ann.speaker.length).toBeGreaterThan(0);
  });

  it("bad options and unknown sessions are refused", async () => {
    const c = await attended();
    expect(await c.code(() => c.operators.setMode("none", "talk"))).toBe("unknown_session");
    expect(await c.code(() => c.operators.setMode(c.ann.session.id, "shout" as "talk"))).toBe("invalid_option");
    expect(await c.code(() => c.operators.whisper("none", "Psst."))).toBe("unknown_session");
  });
});
