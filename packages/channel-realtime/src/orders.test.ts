import { eventText, type RealtimeEvent, RoomKit, sequentialIds, silence } from "@roomkit/core";
import { FakeBackend, FakeConnection, ScriptedRealtime, seededRandom, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { RealtimeVoiceChannel } from "./realtime-voice-channel.ts";

/** Twelve words, of six seconds. */
const TWELVE = "one two three four five six seven eight nine ten eleven twelve";

async function call() {
  const clock = new VirtualClock();
  const kit = new RoomKit({ clock, ids: sequentialIds() });
  const transport = new FakeBackend();
  const provider = new ScriptedRealtime({ clock });
  const channel = new RealtimeVoiceChannel("rt", { provider, transport });
  kit.registerChannel(channel);
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "rt");
  const connection = new FakeConnection({ clock, id: "client" });
  transport.client(connection);
  await channel.startSession(room.id, "ada", { connection: "client" });
  const remote = provider.sessions[0];
  if (!remote) throw new Error("no session");
  const say = (event: RealtimeEvent): void => remote.say(event);
  const log = async () =>
    (await kit.timeline(room.id))
      .filter(({ content }) => content.type === "text")
      .map((e) => ({ role: e.source.role, text: eventText(e), heard: e.heard }));
  return {
    clock,
    kit,
    channel,
    room,
    connection,
    remote,
    log,
    lines: async () => (await log()).map(({ role, text }) => `${role}: ${text}`),
    start: (responseId: string) => say({ type: "response-start", responseId }),
    audio: (responseId: string, ms: number, itemId = `i-${responseId}`) => {
      for (let at = 0; at < ms; at += 20)
        say({ type: "audio", responseId, itemId, frame: silence(remote.outbound, 20, at) });
    },
    words: (responseId: string, text: string, final = true, more: { readonly responseId?: string } = {}) =>
      say({
        type: "transcript",
        id: `t-${responseId}`,
        itemId: `i-${responseId}`,
        role: "assistant",
        text,
        final,
        ...more,
      }),
    user: (id: string, text: string, final = true) => say({ type: "transcript", id, role: "user", text, final }),
    end: (responseId: string, status: "completed" | "cancelled" | "failed" = "completed") =>
      say({ type: "response-end", responseId, status }),
    speech: () => say({ type: "speech-start" }),
    silence: () => say({ type: "speech-end" }),
  };
}

type Call = Awaited<ReturnType<typeof call>>;

describe("a response that was cut off before anybody heard it", () => {
  // What came before it was cut off, and what came after; r2 follows, whole.
  const cases: Record<string, (c: Call) => void> = {
    "its words before": (c) => {
      c.start("r1");
      c.words("r1", "Nobody heard this.", false);
      c.speech();
      c.end("r1", "cancelled");
    },
    "its words after": (c) => {
      c.start("r1");
      c.speech();
      c.words("r1", "Nobody heard this.");
      c.end("r1", "cancelled");
    },
    "its words after its end": (c) => {
      c.start("r1");
      c.speech();
      c.end("r1", "cancelled");
      c.words("r1", "Nobody heard this.");
    },
    "and its end missing": (c) => {
      c.start("r1");
      c.words("r1", "Nobody heard this.");
      c.speech();
    },
    "and its beginning missing": (c) => {
      c.words("r1", "Nobody heard this.", true, { responseId: "r1" });
      c.speech();
      c.end("r1", "cancelled");
    },
    "by an end that came before its beginning": (c) => {
      c.end("r1", "cancelled");
      c.start("r1");
      c.words("r1", "Nobody heard this.", true, { responseId: "r1" });
    },
    "although the vendor had completed it": (c) => {
      c.start("r1");
      c.words("r1", "Nobody heard this.", false);
      c.speech();
      c.end("r1", "completed");
      c.words("r1", "Nobody heard this.");
    },
    "by the vendor alone": (c) => {
      c.start("r1");
      c.words("r1", "Nobody heard this.");
      c.end("r1", "cancelled");
    },
    "by a failure": (c) => {
      c.start("r1");
      c.words("r1", "Nobody heard this.");
      c.end("r1", "failed");
    },
    "with audio that came too late": (c) => {
      c.start("r1");
      c.words("r1", "Nobody heard this.");
      c.speech();
      c.audio("r1", 500);
      c.end("r1", "cancelled");
    },
    "and told of twice": (c) => {
      c.start("r1");
      c.start("r1");
      c.words("r1", "Nobody heard this.");
      c.speech();
      c.words("r1", "Nobody heard this.");
      c.end("r1", "cancelled");
      c.end("r1", "completed");
    },
    "and told of while the next one speaks": (c) => {
      c.start("r1");
      c.speech();
      c.end("r1", "cancelled");
      c.start("r2");
      c.words("r2", "Heard", false);
      c.words("r1", "Nobody heard this.", true, { responseId: "r1" });
    },
  };

  it.each(Object.entries(cases))("leaves no words in the room: %s", async (_, act) => {
    const c = await call();
    act(c);
    await c.clock.advance(100);
    c.user("u1", "wait");
    c.silence();
    c.start("r2");
    c.words("r2", "Heard well.", true);
    c.audio("r2", 400);
    c.end("r2");
    await c.clock.advance(10_000);
    expect(await c.lines()).toEqual(["user: wait", "assistant: Heard well."]);
    expect((await c.log())[1]?.heard).toMatchObject({ interrupted: false, unheard: "", playedMs: 400 });
    // The client has not been left with words that nobody said, as if they still came.
    const open = new Map(c.connection.messages("transcript").map(({ id, final }) => [id, final]));
    expect([...open.values()].every(Boolean)).toBe(true);
    expect(c.clock.pendingTimers).toBe(0);
  });
});

describe("words that come late", () => {
  const part = (words: number): string => TWELVE.split(" ").slice(0, words).join(" ");
  const heard = async (c: Call): Promise<number> => {
    const [line, ...more] = (await c.log()).filter(({ role }) => role === "assistant");
    expect(more).toEqual([]);
    expect(`${line?.text} ${line?.heard?.unheard}`).toBe(TWELVE);
    expect(line?.heard?.interrupted).toBe(true);
    return line?.text.split(" ").length ?? 0;
  };
  const cases: Record<string, (c: Call) => Promise<void>> = {
    "at once": async (c) => c.words("r1", TWELVE),
    "after a second": async (c) => {
      await c.clock.advance(1_000);
      c.words("r1", TWELVE);
    },
    "after the end": async (c) => {
      c.end("r1", "cancelled");
      await c.clock.advance(3_000);
      c.words("r1", TWELVE);
    },
    "after it was said to be complete": async (c) => {
      c.end("r1", "completed");
      await c.clock.advance(200);
      c.words("r1", TWELVE);
    },
    "in pieces, without a final": async (c) => {
      for (let n = 1; n <= 12; n++) {
        c.words("r1", part(n), false);
        await c.clock.advance(300);
      }
      c.end("r1", "cancelled");
    },
    "in pieces, out of order and twice": async (c) => {
      for (const n of [3, 2, 6, 6, 5]) c.words("r1", part(n), false);
      c.end("r1", "cancelled");
      c.words("r1", TWELVE);
      c.words("r1", part(4), false);
      c.words("r1", TWELVE);
    },
    "after the next response has begun": async (c) => {
      c.end("r1", "cancelled");
      c.start("r2");
      await c.clock.advance(500);
      c.words("r1", TWELVE);
      c.end("r2", "cancelled");
    },
  };

  it.each(Object.entries(cases))("are split at what was heard: %s", async (_, late) => {
    const c = await call();
    c.start("r1");
    c.audio("r1", 6_000);
    await c.clock.advance(2_000);
    c.speech();
    await late(c);
    await c.clock.advance(10_000);
    const words = await heard(c);
    expect(words).toBeGreaterThanOrEqual(3);
    expect(words).toBeLessThanOrEqual(4);
    expect(c.remote.calls).toContainEqual(["truncate", "i-r1", 2_000]);
    c.silence();
    await c.clock.advance(10_000);
    expect(c.clock.pendingTimers).toBe(0);
  });

  it("are split when some of them came before", async () => {
    const c = await call();
    c.start("r1");
    c.audio("r1", 3_000);
    c.words("r1", part(5), false);
    await c.clock.advance(2_000);
    c.speech();
    // What is still generated is not played, and yet part of the whole.
    c.words("r1", part(8), false);
    c.audio("r1", 3_000);
    c.words("r1", TWELVE);
    c.end("r1", "cancelled");
    await c.clock.advance(1_000);
    expect([3, 4]).toContain(await heard(c));
  });

  it("of audio that a session kept back count with it", async () => {
    const c = await call();
    c.start("r1");
    c.audio("r1", 2_500);
    await c.clock.advance(2_000);
    c.connection.input({ type: "interrupt" });
    c.end("r1", "cancelled");
    c.remote.say({
      type: "transcript",
      id: "t-r1",
      itemId: "i-r1",
      role: "assistant",
      text: TWELVE,
      final: true,
      audioMs: 6_000,
    });
    await c.clock.advance(1_000);
    expect([3, 4]).toContain(await heard(c));
  });

  it("do not hold up truncation", async () => {
    const c = await call();
    c.start("r1");
    c.audio("r1", 6_000);
    await c.clock.advance(2_000);
    c.speech();
    await c.clock.advance(20);
    expect(c.remote.calls).toContainEqual(["truncate", "i-r1", 2_000]);
    expect(await c.lines()).toEqual([]);
  });

  it("and never come are waited for once", async () => {
    const c = await call();
    for (const id of ["r1", "r2"]) {
      c.start(id);
      c.audio(id, 1_000);
      c.end(id);
      await c.clock.advance(1_100);
      c.user(`u-${id}`, `after ${id}`);
      await c.clock.advance(id === "r1" ? 6_000 : 100);
    }
    expect(await c.lines()).toEqual(["user: after r1", "user: after r2"]);
  });
});

describe("the order of speaking", () => {
  it("is kept when the caller's words come before those they interrupted", async () => {
    const c = await call();
    c.start("r1");
    c.audio("r1", 6_000);
    await c.clock.advance(2_000);
    c.speech();
    c.silence();
    c.user("u1", "stop it");
    await c.clock.advance(500);
    c.words("r1", TWELVE);
    c.end("r1", "cancelled");
    await c.clock.advance(2_000);
    expect((await c.lines()).map((line) => line.split(":")[0])).toEqual(["assistant", "user"]);
  });

  it("is kept when the caller's words come after the answer was heard", async () => {
    const c = await call();
    c.speech();
    c.silence();
    c.start("r1");
    c.audio("r1", 200);
    c.end("r1");
    await c.clock.advance(600);
    c.user("u1", "well?");
    c.words("r1", "Yes.");
    await c.clock.advance(1_000);
    expect(await c.lines()).toEqual(["user: well?", "assistant: Yes."]);
  });

  it("is kept when words were there all the time that the process was held up", async () => {
    const c = await call();
    c.speech();
    c.silence();
    c.start("r1");
    c.audio("r1", 1_000);
    c.end("r1");
    await c.clock.advance(2_000);
    c.clock.holdUp(20_000);
    await c.clock.advance(0);
    c.user("u1", "what time is it");
    c.words("r1", "it is late");
    await c.clock.advance(10_000);
    expect(await c.lines()).toEqual(["user: what time is it", "assistant: it is late"]);
  });

  it("is kept between responses whose words interleave", async () => {
    const c = await call();
    c.start("r1");
    c.audio("r1", 500);
    c.words("r1", "First", false);
    c.end("r1");
    c.start("r2");
    c.words("r2", "Second", false, { responseId: "r2" });
    c.words("r2", "Second one.", true, { responseId: "r2" });
    c.audio("r2", 500);
    c.end("r2");
    await c.clock.advance(1_200);
    c.words("r1", "First one.", true);
    await c.clock.advance(2_000);
    expect(await c.lines()).toEqual(["assistant: First one.", "assistant: Second one."]);
  });

  it("keeps no tool waiting for speech whose words never come", async () => {
    const c = await call();
    c.speech();
    c.silence();
    c.remote.say({ type: "tool-call", id: "c1", name: "nothing", arguments: {} });
    await c.clock.advance(50);
    expect(c.remote.calls).toContainEqual(["submitToolResult", "c1", expect.anything(), { isError: true }]);
  });

  it("loses no words of the caller that come after they were waited for", async () => {
    const c = await call();
    c.speech();
    c.user("u1", "one", false);
    c.silence();
    await c.clock.advance(20_000);
    c.user("u1", "one two");
    await c.clock.advance(10);
    expect(await c.lines()).toEqual(["user: one two"]);
  });
});

it("words of speech that the output's mute kept from the caller are not said", async () => {
  const c = await call();
  await c.kit.muteOutput(c.room.id, "rt");
  c.start("r1");
  c.audio("r1", 500);
  c.words("r1", "Into the void.");
  c.end("r1");
  await c.kit.unmuteOutput(c.room.id, "rt");
  c.start("r2");
  c.words("r2", "Hello again.");
  c.audio("r2", 500);
  c.end("r2");
  await c.clock.advance(10_000);
  expect(await c.lines()).toEqual(["assistant: Hello again."]);
});

describe("in any order", () => {
  it.each(Array.from({ length: 60 }, (_, i) => i + 1))(
    "nothing is heard that was not, nothing is lost (%i)",
    async (seed) => {
      const random = seededRandom(seed);
      const maybe = (chance: number): boolean => random() < chance;
      const c = await call();
      const due: { readonly at: number; readonly act: () => void }[] = [];
      const at = (ms: number, act: () => void): void => void due.push({ at: ms, act });
      const lengths = new Map<string, number>();
      let now = 0;
      for (let n = 1; n <= 5; n++) {
        const id = `r${n}`;
        const words = Array.from({ length: 4 + Math.floor(random() * 8) }, (_, w) => `${id}w${w}`);
        const ms = maybe(0.15) && n < 5 ? 0 : words.length * 400;
        lengths.set(id, ms);
        const begin = now;
        const late = random() * 1_200;
        const status = maybe(0.5) || ms === 0 ? "cancelled" : "completed";
        const cutAt = n < 5 && (maybe(0.5) || ms === 0) ? begin + random() * ms : undefined;
        if (!maybe(0.2)) at(begin, () => c.start(id));
        at(begin + 1, () => c.audio(id, ms / 2));
        at(begin + 2 + random() * 100, () => c.audio(id, ms / 2));
        // Pieces of words, some twice, all of them before, beside or after the audio, the last maybe after the end.
        for (let w = 1; w <= words.length; w++) {
          const tell = (final: boolean) => (): void =>
            c.words(id, words.slice(0, w).join(" "), final, { responseId: id });
          at(begin + late + w * 10, tell(w === words.length));
          if (maybe(0.2)) at(begin + late + w * 10 + random() * 300, tell(false));
        }
        if (cutAt !== undefined) {
          at(cutAt, c.speech);
          at(cutAt + 300, c.silence);
          at(cutAt + 300 + random() * 1_000, () => c.user(`u${n}`, `u${n}`));
        }
        const ended = cutAt !== undefined ? cutAt + random() * 200 : begin + 110 + random() * 100;
        // An end may be missing, unless nothing follows it.
        if (!maybe(0.1) || n === 5) at(ended, () => c.end(id, cutAt === undefined ? "completed" : status));
        if (maybe(0.2)) at(ended + 50, () => c.end(id, ms === 0 ? "cancelled" : "completed"));
        now = (cutAt ?? begin + ms) + 1_500;
      }
      due.sort((a, b) => a.at - b.at);
      for (const { at: time, act } of due) {
        await c.clock.advance(Math.max(0, time - c.clock.now()));
        act();
      }
      await c.clock.advance(30_000);

      const audible = [...lengths].filter(([, ms]) => ms > 0).map(([id]) => id);
      const played = new Map([...c.connection.played.values()].map((ms, i) => [audible[i] as string, ms]));
      const log = await c.log();
      const spoken = log.filter(({ role }) => role === "assistant");
      for (const [id, total] of lengths) {
        const mine = spoken.filter(({ text }) => text.includes(`${id}w`));
        const ms = played.get(id) ?? 0;
        const heard = mine.flatMap(({ text }) => text.split(" "));
        expect(heard, `only ${id} in its entry`).toEqual(heard.filter((word) => word.startsWith(`${id}w`)));
        expect(mine.length, `one entry of ${id}`).toBeLessThanOrEqual(1);
        // Words are 400 ms each; where a word ends is an estimate, one word wide.
        expect(heard.length, `${id} heard for ${ms} of ${total}`).toBeLessThanOrEqual(
          Math.ceil(ms / 400) + (ms > 0 ? 1 : 0),
        );
        expect(heard.length, `${id} heard for ${ms} of ${total}`).toBeGreaterThanOrEqual(Math.floor(ms / 400) - 1);
      }
      const order = log.map(({ text }) => Number(/^[ru](\d)/.exec(text)?.[1]) + (text.startsWith("u") ? 0.5 : 0));
      expect(order).toEqual([...order].sort((a, b) => a - b));
      expect(c.connection.messages("state").at(-1)?.state).toBe("listening");
      expect(c.clock.pendingTimers).toBe(0);
      await c.channel.close();
      await c.clock.advance(100);
      expect(c.clock.pendingTimers).toBe(0);
    },
  );
});
