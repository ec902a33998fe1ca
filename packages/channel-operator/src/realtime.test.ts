import type { RealtimeVoiceChannel } from "@roomkit/channel-realtime";
import type { RealtimeEvent } from "@roomkit/core";
import { audioPipeline } from "@roomkit/pipeline";
import { tone } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { loudness, type RigOptions, rig } from "./rig.fixture.ts";

const finals = (...texts: string[]) => texts.map((text) => ({ finals: [text] }));

async function attended(options: RigOptions = {}) {
  const r = await rig({ realtime: true, ...options });
  const ann = await r.operator("ann");
  const { vendor } = r;
  /** The model speaks for so long. */
  const answers = (id: string, ms: number): void => {
    vendor.say({ type: "response-start", responseId: id });
    const samples = tone(24_000, ms, 1_700, 2_000);
    for (let at = 0; at < samples.length; at += 480) {
      const frame = { samples: samples.slice(at, at + 480), sampleRate: 24_000, channels: 1, timestamp: 0 } as const;
      vendor.say({ type: "audio", responseId: id, itemId: `item_${id}`, frame });
    }
    const said = {
      type: "transcript",
      id: `text_${id}`,
      role: "assistant",
      text: `Answer ${id}.`,
      final: true,
    } as const;
    vendor.say({ ...said, itemId: `item_${id}`, responseId: id } satisfies RealtimeEvent);
    vendor.say({ type: "response-end", responseId: id, status: "completed" });
  };
  const take = (): void => r.operators.setMode(ann.session.id, "talk");
  const giveBack = (): void => r.operators.setMode(ann.session.id, "listen");
  const told = (method: string) => vendor.calls.filter(([name]) => name === method);
  /** What the vendor was last given of the caller's audio: silence, or not. */
  const silent = (): boolean => vendor.heard.at(-1)?.samples.every((sample) => sample === 0) === true;
  const loud = (ms: number) => tone(16_000, ms, 440, 2_000);
  return { ...r, ann, answers, take, giveBack, told, silent, loud };
}

describe("a speech-to-speech call", () => {
  it("is heard by who listens: the caller, and the model as it is played", async () => {
    const c = await attended({ pipeline: audioPipeline({}) });
    c.answers("a", 1_000);
    await c.speak(800, [[c.caller, c.loud(800)]]);
    const rate = c.ann.speaker.format.sampleRate;
    const heard = c.ann.speaker.since(0).slice(rate * 0.3, rate * 0.5);
    const share = (hz: number): number => loudness(heard, rate, hz) / (2_000 * Math.SQRT2);
    expect([share(440), share(1_700)]).toEqual([expect.closeTo(1, 1), expect.closeTo(1, 1)]);
  });

  it("taken over in mid-word: the model is silent and stopped, and hears silence", async () => {
    const c = await attended({ pipeline: audioPipeline({}) });
    c.answers("a", 3_000);
    await c.speak(500, [[c.caller, c.loud(500)]]);
    expect(c.silent()).toBe(false);
    c.take();
    expect([c.caller.connection.queuedMs, c.told("interrupt").length]).toEqual([0, 1]);
    const before = c.caller.speaker.length;
    await c.speak(500, [
      [c.caller, c.loud(500)],
      [c.ann, tone(16_000, 500, 700, 2_000)],
    ]);
    expect(c.silent()).toBe(true);
    // The person, and nothing of the model.
    const rate = c.caller.speaker.format.sampleRate;
    const heard = c.caller.speaker.since(before).slice(rate * 0.2, rate * 0.4);
    const share = (hz: number): number => loudness(heard, rate, hz) / (2_000 * Math.SQRT2);
    expect([share(700), share(1_700)]).toEqual([expect.closeTo(1, 1), expect.closeTo(0, 1)]);
    c.giveBack();
    await c.speak(100, [[c.caller, c.loud(100)]]);
    expect(c.silent()).toBe(false);
  });

  it("what the model begins to say meanwhile is stopped and heard by nobody", async () => {
    const c = await attended();
    c.take();
    c.answers("late", 1_000);
    await c.clock.advance(3_000);
    expect([c.told("interrupt").length, c.caller.speaker.length]).toEqual([2, 0]);
    // Audio that nobody announced, of a vendor that is not told in time.
    const frame = { samples: tone(24_000, 200, 1_700, 2_000), sampleRate: 24_000, channels: 1, timestamp: 0 } as const;
    c.vendor.say({ type: "audio", responseId: "unannounced", itemId: "item_unannounced", frame });
    await c.clock.advance(1_000);
    expect(c.caller.speaker.length).toBe(0);
    c.vendor.say({ type: "response-end", responseId: "unannounced", status: "cancelled" });
    expect((await c.log()).filter((line) => line.includes("Answer"))).toEqual([]);
    const realtime = c.voice as RealtimeVoiceChannel;
    expect(() => realtime.say(c.caller.session.id, "Hello.")).toThrow(expect.objectContaining({ code: "taken_over" }));
    c.giveBack();
    c.answers("next", 500);
    await c.clock.advance(10_000);
    expect((await c.log()).at(-1)).toBe("assistant: Answer next.");
  });

  it("given back: the model knows what both have said", async () => {
    // One recogniser for both: the operator speaks first.
    const c = await attended({ operatorStt: finals("You get ten euros.", "Thank you.") });
    c.take();
    await c.says(c.ann, c.operatorStream());
    await c.speak(80, [[c.caller, undefined]]);
    await c.says(c.caller, c.operatorStream());
    c.caller.connection.input({ type: "text", text: "Goodbye." });
    await c.clock.advance(2_000);
    c.giveBack();
    await c.clock.advance(2_000);
    expect(await c.log()).toEqual([
      expect.stringMatching(/^system: A colleague speaks with the caller now/),
      "ann: You get ten euros.",
      "caller: Thank you.",
      "caller: Goodbye.",
      expect.stringMatching(/^system: The call is given back/),
    ]);
    expect(c.told("sendText").map(([, text, how]) => [text, how])).toEqual([
      [expect.stringMatching(/speaks with the caller now/), { role: "system", respond: false }],
      [expect.stringMatching(/said to the caller: You get ten euros/), { role: "system", respond: false }],
      ["Thank you.", { respond: false }],
      ["Goodbye.", { respond: false }],
      [expect.stringMatching(/given back/), { role: "system", respond: false }],
    ]);
  });

  it("whispers reach the model, and are answered where they are to be", async () => {
    const c = await attended();
    await c.operators.whisper(c.ann.session.id, "Be brief.");
    await c.operators.whisper(c.ann.session.id, "Say goodbye.", { respond: true });
    expect(c.told("sendText").map(([, text, how]) => [text, how])).toEqual([
      [expect.stringMatching(/Be brief/), { role: "system", respond: false }],
      [expect.stringMatching(/Say goodbye/), { role: "system", respond: true }],
    ]);
  });

  it("whose turns the audio path finds: those that a person hears are none of the model's", async () => {
    const c = await attended({ manual: true });
    const turns = (): unknown[] => c.vendor.calls.map(([name]) => name).filter((name) => /activity/.test(String(name)));
    c.stream.speechStart(0);
    c.take();
    expect(turns()).toEqual(["activityStart", "activityEnd"]);
    c.stream.speechEnd(0);
    c.stream.speechStart(0);
    expect(turns().length).toBe(2);
    // In the middle of a word: what follows is for the model again.
    c.giveBack();
    c.stream.speechEnd(0);
    expect(turns().slice(2)).toEqual(["activityStart", "activityEnd"]);
  });

  it("ends with its vendor, and so do the sessions of who attends it", async () => {
    const c = await attended({ operatorStt: [] });
    c.take();
    await c.speak(100, [[c.caller, undefined]]);
    c.vendor.say({ type: "closed", reason: "gone" });
    await c.clock.advance(20_000);
    const { timers, streams, pipelines, sessions } = c.left();
    expect([timers, streams, sessions]).toEqual([0, [0, 0, 0, 0], [0, 0]]);
    expect(pipelines).toEqual(pipelines.map(() => [true, 0]));
  });
});
