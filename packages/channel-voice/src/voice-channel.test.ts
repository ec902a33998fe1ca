import { RoomKitError, silence, type VoiceSession } from "@roomkit/core";
import { FakeConnection, type ScriptedTtsOptions } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { call } from "./voice-call.fixture.ts";

const greeting = "Hello Ada. It is ten past nine. Is there anything else?";

it("a call can be asked how it stands, until it ends", async () => {
  const c = await call({ stt: [{ finals: ["what time is it"], delayMs: 80 }], answers: [greeting] });
  const statuses = [c.status()];
  await c.speak(500);
  await c.audible();
  statuses.push(c.status());
  c.connection.input({ type: "mute", muted: true });
  await c.kit.mute(c.room.id, "voice");
  await c.kit.muteOutput(c.room.id, "voice");
  statuses.push(c.status());
  const open = { microphoneOff: false, muted: false, outputMuted: false, stages: [] };
  expect(statuses).toEqual([
    { state: "listening", ...open },
    { state: "speaking", ...open },
    { state: "listening", ...open, microphoneOff: true, muted: true, outputMuted: true },
  ]);
});

describe("one turn", () => {
  it("is heard, answered aloud, shown and remembered", async () => {
    const c = await call({
      stt: [{ partials: ["what"], finals: ["what time is it"], delayMs: 80 }],
      answers: [greeting],
    });
    await c.speak(1_000);
    await c.clock.advance(10_000);
    expect(c.tts.spoken).toEqual(["Hello Ada.", "It is ten past nine.", "Is there anything else?"]);
    expect(await c.log()).toEqual(["user: what time is it", `assistant: ${greeting}`]);
    const user = c.connection.messages("transcript").filter((m) => m.role === "user");
    expect(user.map((m) => [m.text, m.final, m.revision])).toEqual([
      ["what", false, 0],
      ["what time is it", false, 1],
      ["what time is it", true, 2],
    ]);
    const assistant = c.connection.messages("transcript").filter((m) => m.role === "assistant");
    expect(assistant[0]?.text).toBe("Hello Ada.");
    expect(assistant.at(-1)).toMatchObject({ text: greeting, final: true });
    expect(c.connection.messages("state").map((m) => m.state)).toEqual([
      "listening",
      "thinking",
      "speaking",
      "listening",
    ]);
  });

  it("measures where the time went, from when the caller stopped", async () => {
    const c = await call({
      stt: [{ finals: ["hi"], delayMs: 80 }],
      answers: ["Good morning to you."],
      tts: { delayMs: 40 },
    });
    await c.speak(1_000);
    await c.clock.advance(5_000);
    const [metrics] = c.connection.messages("metrics");
    expect(metrics?.turn).toMatchObject({
      endpointMs: 500,
      transcriptMs: 580,
      firstTokenMs: 580,
      firstAudioMs: 620,
      replyMs: 620,
      speechMs: 1_060,
    });
  });

  it("gives the recogniser the pre-roll and everything until the VAD is sure", async () => {
    const c = await call({ stt: [{ finals: ["hi"] }] });
    await c.speak(1_000);
    expect(c.stt.frames[0]).toBe(1 + 1_500 / 20);
  });

  it("keeps words a recogniser only guessed before it failed to finish", async () => {
    const c = await call({ stt: [{ partials: ["turn on the light"], hang: true }], answers: ["Done."] });
    await c.speak(600);
    await c.clock.advance(12_000);
    expect(await c.log()).toContain("user: turn on the light");
    expect(c.stt.open).toBe(0);
  });

  it("tries a failing recogniser once more with all of the audio, and reports it", async () => {
    const error = new RoomKitError("stt_down", "down", { retryable: true });
    const c = await call({ stt: [{ error }, { finals: ["second try"] }], answers: ["Yes."] });
    const errors: string[] = [];
    c.kit.on("stt_error", ({ error: e }) => errors.push(e.code));
    await c.speak(600);
    await c.clock.advance(5_000);
    expect(errors).toEqual(["stt_down"]);
    expect(c.stt.frames[1]).toBe(c.stt.frames[0]);
    expect(await c.log()).toContain("user: second try");
  });

  it("stays quiet when a hook blocks the words, and shows nobody the raw ones", async () => {
    const c = await call({ stt: [{ partials: ["my pin is 1234"], finals: ["my pin is 1234"] }] });
    c.kit.hook("ON_TRANSCRIPTION", () => ({ action: "block" }));
    await c.speak(600);
    await c.clock.advance(2_000);
    expect(await c.log()).toEqual([]);
    expect(JSON.stringify(c.connection.sent)).not.toMatch(/\b1234\b/);
    expect(c.connection.messages("state").at(-1)?.state).toBe("listening");
  });

  it("redacts before anything leaves: client, room and model see the rewritten words only", async () => {
    const c = await call({
      stt: [{ partials: ["my pin is 1234"], finals: ["my pin is 1234"] }],
      answers: ["Your pin 1234 is safe."],
    });
    const redact = (text: string) => text.replace(/\d{4}/g, "[number]");
    c.kit.hook("ON_TRANSCRIPTION", ({ text }) => ({ action: "modify", payload: { text: redact(text) } }));
    c.kit.hook("BEFORE_TTS", ({ text, written }) => ({
      action: "modify",
      payload: { text: redact(text), written: redact(written) },
    }));
    await c.speak(600);
    await c.clock.advance(5_000);
    expect(JSON.stringify(c.connection.sent)).not.toMatch(/\b1234\b/);
    expect(await c.log()).toEqual(["user: my pin is [number]", "assistant: Your pin [number] is safe."]);
    expect(JSON.stringify(c.model.requests)).not.toMatch(/\b1234\b/);
  });

  it("says nothing when BEFORE_TTS breaks", async () => {
    const c = await call({ stt: [{ finals: ["hi"] }], answers: ["One. Two."] });
    c.kit.hook("BEFORE_TTS", () => {
      throw new Error("broken");
    });
    await c.speak(600);
    await c.clock.advance(3_000);
    expect(c.tts.spoken).toEqual([]);
    expect(c.connection.messages("transcript").filter((m) => m.role === "assistant")).toEqual([]);
  });
});

describe("barge-in", () => {
  const long = "One two three four five. Six seven eight nine ten. Eleven twelve thirteen.";

  it.each(["reported", "estimated"] as const)(
    "silences first, then corrects the history to what was heard (%s)",
    async (playback) => {
      const c = await call({
        stt: [{ finals: ["count"] }, { finals: ["stop"] }],
        answers: [long, "Okay."],
        tts: { wordTimings: true },
        playback,
      });
      const order: string[] = [];
      c.kit.hook("ON_BARGE_IN", ({ heard }) => void order.push(`hook after ${c.connection.clears} clear: ${heard}`));
      await c.speak(600);
      await c.clock.advanceUntil(() => c.connection.messages("utterance").length > 0);
      await c.clock.advance(1_000);
      await c.microphone(60);
      c.stream.speechStart(60);
      expect(c.connection.clears).toBe(0);
      await c.microphone(240);
      expect(c.connection.clears).toBe(1);
      expect(c.tts.open).toBe(0);
      await c.microphone(700);
      c.stream.speechEnd(500);
      await c.clock.advance(5_000);
      // 50 ms a character: after 1.3 s half of "Six" has been heard, and counts.
      const heard = "One two three four five. Six";
      expect(order).toEqual([`hook after 1 clear: ${heard}`]);
      expect(await c.log()).toEqual(["user: count", `assistant: ${heard}`, "user: stop", "assistant: Okay."]);
      const [interrupted] = c.connection.messages("interrupted");
      expect(interrupted).toMatchObject({ heard, unheard: "seven eight nine ten. Eleven twelve thirteen." });
      const events = await c.kit.timeline(c.room.id);
      expect(events.find((e) => e.heard?.interrupted)?.heard).toMatchObject({
        confidence: playback,
        unheard: interrupted?.unheard,
      });
      // The model reads what was heard, not what it wrote.
      const asked = JSON.stringify(c.model.requests[1]?.messages);
      expect(asked).toContain(heard);
      expect(asked).not.toContain("Eleven");
    },
  );

  it("plays nothing of the old answer afterwards", async () => {
    const c = await call({ stt: [{ finals: ["count"] }, { finals: ["stop"] }], answers: [long, "Okay."] });
    await c.speak(600);
    await c.clock.advanceUntil(() => c.connection.messages("utterance").length > 0);
    await c.microphone(60);
    c.stream.speechStart(60);
    await c.microphone(240);
    const before = new Map(c.connection.played);
    await c.microphone(1_000);
    c.stream.speechEnd(500);
    await c.clock.advance(5_000);
    for (const [utterance, ms] of before) expect(c.connection.played.get(utterance)).toBe(ms);
  });

  it("stops the model as well, when it was by words", async () => {
    const c = await call({
      stt: [{ finals: ["count"] }, { finals: ["stop"] }],
      answers: [long, "Okay."],
      msPerWord: 300,
    });
    await c.speak(600);
    await c.clock.advanceUntil(() => c.connection.messages("utterance").length > 0);
    await c.microphone(60);
    c.stream.speechStart(60);
    await c.microphone(300);
    // It may have been nothing yet: the model waits.
    expect([c.model.aborted, c.model.open]).toEqual([0, 1]);
    await c.microphone(500);
    c.stream.speechEnd(500);
    await c.clock.advance(20);
    // Only the one that answers.
    expect([c.model.open, c.model.requests.length]).toEqual([1, 2]);
  });

  it("a cough does not interrupt", async () => {
    const c = await call({ stt: [{ finals: ["count"] }, { finals: ["uh"] }], answers: [long] });
    await c.speak(600);
    await c.clock.advanceUntil(() => c.connection.messages("utterance").length > 0);
    await c.microphone(60);
    c.stream.speechStart(60);
    await c.microphone(100);
    c.stream.speechEnd(0);
    await c.clock.advance(10_000);
    expect(c.connection.clears).toBe(0);
    expect(await c.log()).toEqual(["user: count", `assistant: ${long}`]);
  });

  it("disabled: hears the answer out and then takes what was said", async () => {
    const c = await call({
      stt: [{ finals: ["count"] }, { finals: ["and then"] }],
      answers: [long, "Then nothing."],
      voice: { interruption: { strategy: "disabled" } },
    });
    await c.speak(600);
    await c.clock.advanceUntil(() => c.connection.messages("utterance").length > 0);
    await c.speak(600);
    await c.clock.advance(20_000);
    expect(c.connection.clears).toBe(0);
    expect(await c.log()).toEqual(["user: count", `assistant: ${long}`, "user: and then", "assistant: Then nothing."]);
  });

  it("the caller's stop button silences without a new turn", async () => {
    const c = await call({ stt: [{ finals: ["count"] }], answers: [long] });
    await c.speak(600);
    await c.clock.advanceUntil(() => c.connection.messages("utterance").length > 0);
    await c.clock.advance(500);
    c.connection.input({ type: "interrupt" });
    expect(c.connection.clears).toBe(1);
    await c.clock.advance(2_000);
    expect(c.connection.messages("state").at(-1)?.state).toBe("listening");
    expect((await c.log()).length).toBe(2);
  });
});

describe("an answer that ends early", () => {
  const long = "One two three four five. Six seven eight nine ten. Eleven twelve thirteen.";

  /** An answer during which `cut` happens; what hooks, client and log were told of it. */
  async function cutOff(cut: (c: Awaited<ReturnType<typeof call>>) => unknown, tts: ScriptedTtsOptions = {}) {
    const c = await call({ stt: [{ finals: ["count"] }], answers: [long, "Okay."], tts });
    const measured: boolean[] = [];
    const told: string[] = [];
    c.kit.hook("ON_TURN_METRICS", ({ metrics }) => void measured.push(metrics.interrupted));
    c.kit.hook("ON_TTS_CANCELLED", ({ reason }) => void told.push(reason));
    c.kit.hook("ON_ERROR", ({ where }) => void told.push(where));
    await c.speak(600);
    await c.clock.advanceUntil(() => c.connection.messages("utterance").length > 0);
    await c.clock.advance(1_000);
    await cut(c);
    await c.clock.advance(10_000);
    const { heard } = (await c.kit.timeline(c.room.id)).find((event) => event.heard) ?? {};
    const shown = c.connection.messages("transcript").findLast((m) => m.role === "assistant");
    const interrupted = c.connection.messages("interrupted").length;
    return { call: c, measured, told, heard, shown, interrupted };
  }

  it.each<[string, string, (c: Awaited<ReturnType<typeof call>>) => unknown]>([
    ["the caller's stop button", "client", ({ connection }) => connection.input({ type: "interrupt" })],
    ["the application", "application", ({ voice, session }) => voice.interrupt(session.id)],
    ["what the caller types", "text_input", ({ connection }) => connection.input({ type: "text", text: "hm" })],
  ])("by %s is interrupted", async (_, reason, cut) => {
    const result = await cutOff(cut);
    // Measured when it became audible, and once more when it was cut off; then the answer to what was typed.
    expect(result.measured.slice(0, 2)).toEqual([false, true]);
    expect(result.told).toEqual([reason]);
    expect(result.heard).toMatchObject({ interrupted: true, unheard: expect.stringContaining("Eleven") });
    expect(result.interrupted).toBe(1);
  });

  it("by a voice that fails is not interrupted; the log, the caller and the model know what was not heard", async () => {
    const heard = "One two three four five. Six seven eight";
    const unheard = "nine ten. Eleven twelve thirteen.";
    const result = await cutOff(() => {}, { failsOn: "Eleven" });
    expect(result.measured).toEqual([false]);
    expect(result.told).toEqual(["tts"]);
    expect(result.heard).toMatchObject({ interrupted: false, unheard });
    expect(result.shown).toMatchObject({ text: `${heard} ${unheard}`, heard, final: true });
    expect(result.interrupted).toBe(0);
    result.call.connection.input({ type: "text", text: "go on" });
    await result.call.clock.advance(5_000);
    expect(result.call.model.requests[1]?.messages.at(-1)?.content).toMatch(/^\(.*cut off.*\)\ngo on$/);
  });

  it("because the caller hangs up is not measured as interrupted", async () => {
    const result = await cutOff(({ connection }) => connection.close({ code: "client_closed", message: "" }));
    expect(result.measured).toEqual([false]);
    expect(result.told).toEqual(["client_closed"]);
    expect(result.heard).toMatchObject({ interrupted: true });
  });
});

describe("speaking for the application", () => {
  it("greets, and the log has it", async () => {
    const c = await call({ voice: { greeting: "Welcome. How can I help?" } });
    await c.clock.advance(4_000);
    expect(await c.log()).toEqual(["assistant: Welcome. How can I help?"]);
    expect(c.model.requests).toEqual([]);
  });

  it("leaves the greeting out when the caller was faster", async () => {
    const c = await call({ voice: { greeting: "Welcome." }, tts: { delayMs: 500 }, answers: ["Sure."] });
    c.connection.input({ type: "text", text: "help" });
    await c.clock.advance(5_000);
    expect(c.connection.messages("transcript").map((m) => m.text)).not.toContain("Welcome.");
    expect((await c.log()).filter((line) => line !== "assistant: ")).toEqual(["user: help", "assistant: Sure."]);
    expect(c.connection.messages("metrics")[0]?.turn.replyMs).toBe(500);
  });

  it("says one thing after the other and refuses what does not fit the queue", async () => {
    const c = await call({ voice: { maxUtterances: 2 } });
    const said = ["First.", "Second.", "Third."].map((text) => c.voice.say(c.session.id, text));
    await expect(c.voice.say(c.session.id, "Fourth.")).rejects.toMatchObject({ code: "queue_full" });
    await c.clock.advance(3_000);
    await Promise.all(said);
    expect(await c.log()).toEqual(["assistant: First.", "assistant: Second.", "assistant: Third."]);
  });

  it("plays recorded audio", async () => {
    const c = await call();
    const played = c.voice.play(c.session.id, silence({ sampleRate: 8_000, channels: 1 }, 700), "Ding.");
    await c.clock.advance(2_000);
    expect(await played).toMatchObject({ text: "Ding." });
    expect([...c.connection.played.values()]).toEqual([700]);
  });

  it("refuses a session that is not there", async () => {
    const c = await call();
    await expect(c.voice.say("nobody", "hi")).rejects.toMatchObject({ code: "unknown_session" });
  });
});

describe("typing", () => {
  it("interrupts and is answered", async () => {
    const c = await call({ stt: [{ finals: ["count"] }], answers: ["One two three four five six seven.", "Sure."] });
    await c.speak(600);
    await c.clock.advanceUntil(() => c.connection.messages("utterance").length > 0);
    c.connection.input({ type: "text", text: "something else" });
    await c.clock.advance(5_000);
    expect(c.connection.clears).toBe(1);
    expect((await c.log()).slice(-2)).toEqual(["user: something else", "assistant: Sure."]);
  });
});

describe("the gate", () => {
  it("drops audio of a muted binding at once, and ends speech the VAD still waits for", async () => {
    const c = await call({ stt: [{ finals: ["never"] }] });
    await c.kit.mute(c.room.id, "voice");
    await c.microphone(100);
    expect(c.stt.frames).toEqual([]);
    await c.kit.unmute(c.room.id, "voice");
  });

  it("does not speak to a listener whose output is muted", async () => {
    const c = await call({ stt: [{ finals: ["hi"] }], answers: ["Hello there."] });
    await c.kit.muteOutput(c.room.id, "voice");
    await c.speak(600);
    await c.clock.advance(3_000);
    expect(c.tts.spoken).toEqual([]);
    expect(await c.log()).toEqual(["user: hi", "assistant: Hello there."]);
  });
});

describe("the end", () => {
  it.each(["client", "kit", "leave"])("leaves nothing behind (%s)", async (who) => {
    const c = await call({ stt: [{ finals: ["count"] }, { hang: true }], answers: ["One two three four five six."] });
    await c.speak(600);
    await c.clock.advanceUntil(() => c.connection.messages("utterance").length > 0);
    c.stream.speechStart(60);
    await c.microphone(100);
    if (who === "client") await c.connection.close({ code: "client_closed", message: "" });
    if (who === "leave") await c.kit.leave(c.session);
    if (who === "kit") {
      const closing = c.kit.close();
      await c.clock.advance(20_000);
      await closing;
    }
    await c.clock.advance(20_000);
    expect(c.voice.sessions).toEqual([]);
    expect(c.connection.listeners).toBe(0);
    expect(c.stream.closed).toBe(true);
    expect(c.stream.listeners).toBe(0);
    expect([c.stt.open, c.tts.open, c.model.open]).toEqual([0, 0, 0]);
    expect(c.backend.sessions.size).toBe(0);
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("a client whose session is never joined is let go", async () => {
    const c = await call({ voice: { joinTimeoutMs: 1_000 } });
    const session: VoiceSession = await c.backend.connect(c.room.id, "late", "voice");
    const connection = new FakeConnection({ clock: c.clock, id: "late" });
    c.backend.bind(session, connection);
    await c.clock.advance(1_100);
    expect(connection.closed).toBe(true);
  });
});

describe("two callers in one room", () => {
  it("both hear the answer, each from their own voice stream", async () => {
    const c = await call({ stt: [{ finals: ["hi"] }], answers: ["Hello both of you."] });
    const session = await c.backend.connect(c.room.id, "second", "voice");
    await c.kit.join(c.room.id, "voice", { session });
    const other = new FakeConnection({ clock: c.clock, id: "second" });
    c.backend.bind(session, other);
    await c.speak(600);
    await c.clock.advance(5_000);
    expect(
      other
        .messages("transcript")
        .filter((m) => m.final)
        .map((m) => m.text),
    ).toEqual(["Hello both of you."]);
    expect([...other.played.values()]).toEqual([...c.connection.played.values()]);
    expect((await c.log()).filter((line) => line.startsWith("assistant"))).toHaveLength(1);
  });
});
