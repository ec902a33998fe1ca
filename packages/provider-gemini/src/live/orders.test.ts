import type { RealtimeEvent } from "@roomkit/core";
import { seededRandom, VirtualClock } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { type GeminiLiveOptions, liveSettings } from "./options.ts";
import { GeminiLiveProtocol } from "./protocol.ts";

/** 200 ms of the model's speech. */
const AUDIO = Buffer.alloc(9_600).toString("base64");
const CALL = { toolCall: { functionCalls: [{ id: "c1", name: "dice", args: {} }] } };

function vendor(options: GeminiLiveOptions = {}, config = {}) {
  const clock = new VirtualClock();
  const events: RealtimeEvent[] = [];
  const sent: unknown[] = [];
  const protocol = new GeminiLiveProtocol(
    {
      send: (message) => sent.push(message),
      emit: (event) => events.push(event),
      ready: () => {},
      fail: () => {},
      rotate: () => {},
      after: (ms, handler) => clock.setTimeout(handler, ms),
      note: () => {},
    },
    liveSettings(options),
    config,
  );
  protocol.begin();
  protocol.receive({ setupComplete: {} });
  const content = (serverContent: object): void => protocol.receive({ serverContent });
  return {
    clock,
    protocol,
    sent,
    events,
    audio: () => content({ modelTurn: { parts: [{ inlineData: { mimeType: "audio/pcm;rate=24000", data: AUDIO } }] } }),
    words: (text: string) => content({ outputTranscription: { text } }),
    heard: (text: string) => content({ inputTranscription: { text } }),
    interrupted: () => content({ interrupted: true }),
    generated: () => content({ generationComplete: true }),
    complete: () => content({ turnComplete: true }),
    call: () => protocol.receive(CALL),
    /** The events in short; audio once for each stretch. */
    told: () => {
      const short = events.map((event) => {
        if (event.type === "transcript") {
          const whose = event.responseId === undefined ? "user" : event.responseId;
          return `${whose}${event.final ? "!" : ""} ${event.text}`;
        }
        if (event.type === "response-start") return `start ${event.responseId}`;
        if (event.type === "response-end") return `${event.status} ${event.responseId}`;
        return event.type;
      });
      return short.filter((line, i) => line !== short[i - 1]);
    },
  };
}

type Vendor = ReturnType<typeof vendor>;

// What comes, in order, and what is told of it once nothing more comes. Words never begin or end anything by themselves.
const orders: Record<string, readonly [(v: Vendor) => void, readonly string[]]> = {
  "words after `interrupted`": [
    (v) => {
      v.audio();
      v.words("One ");
      v.interrupted();
      v.words("two.");
      v.complete();
    },
    ["start turn_1", "audio", "turn_1 One ", "completed?", "speech-start", "turn_1 One two.", "turn_1! One two."],
  ],
  "words after `interrupted` and `turnComplete`": [
    (v) => {
      v.audio();
      v.interrupted();
      v.complete();
      v.words("One ");
      v.words("two.");
    },
    ["start turn_1", "audio", "cancelled turn_1", "speech-start", "turn_1 One ", "turn_1 One two.", "turn_1! One two."],
  ],
  "words after `turnComplete`": [
    (v) => {
      v.audio();
      v.generated();
      v.complete();
      v.words("One.");
    },
    ["start turn_1", "audio", "completed turn_1", "turn_1 One.", "turn_1! One."],
  ],
  "words between `generationComplete` and `turnComplete`": [
    (v) => {
      v.audio();
      v.generated();
      v.words("One.");
      v.complete();
    },
    ["start turn_1", "audio", "completed turn_1", "turn_1 One.", "turn_1! One."],
  ],
  "words in the message that interrupts": [
    (v) => {
      v.audio();
      v.protocol.receive({ serverContent: { interrupted: true, outputTranscription: { text: "One." } } });
      v.complete();
    },
    ["start turn_1", "audio", "cancelled turn_1", "speech-start", "turn_1 One.", "turn_1! One."],
  ],
  "words until the next turn": [
    (v) => {
      v.audio();
      v.interrupted();
      v.complete();
      v.words("One.");
      v.audio();
      v.words("Two.");
      v.generated();
      v.complete();
    },
    [
      "start turn_1",
      "audio",
      "cancelled turn_1",
      "speech-start",
      "turn_1 One.",
      "turn_1! One.",
      "speech-end",
      "start turn_2",
      "audio",
      "turn_2 Two.",
      "completed turn_2",
      "turn_2! Two.",
    ],
  ],
  "`interrupted` twice": [
    (v) => {
      v.audio();
      v.interrupted();
      v.interrupted();
      v.words("One.");
      v.complete();
      v.complete();
    },
    ["start turn_1", "audio", "cancelled turn_1", "speech-start", "turn_1 One.", "turn_1! One."],
  ],
  "`interrupted` with nothing to interrupt": [(v) => v.interrupted(), ["speech-start"]],
  "words before the audio": [
    (v) => {
      v.words("One ");
      v.audio();
      v.words("two.");
      v.generated();
      v.complete();
    },
    ["start turn_1", "turn_1 One ", "audio", "turn_1 One two.", "completed turn_1", "turn_1! One two."],
  ],
  "words and no audio": [
    (v) => {
      v.words("One.");
      v.complete();
    },
    ["start turn_1", "turn_1 One.", "completed turn_1", "turn_1! One."],
  ],
  "words and no audio, interrupted": [
    (v) => {
      v.words("One.");
      v.interrupted();
      v.complete();
    },
    ["speech-start"],
  ],
  "the caller's words after the answer has begun": [
    (v) => {
      v.audio();
      v.heard("well");
      v.heard(" then");
      v.generated();
      v.complete();
    },
    ["start turn_1", "audio", "user well", "user well then", "completed turn_1", "user! well then"],
  ],
  "the caller's words after the answer is complete": [
    (v) => {
      v.audio();
      v.generated();
      v.complete();
      v.heard("well");
      v.heard(" then");
    },
    ["start turn_1", "audio", "completed turn_1", "user well", "user well then", "user! well then"],
  ],
  "the caller's next words, when those before were known": [
    (v) => {
      v.heard("well");
      v.audio();
      v.generated();
      v.complete();
      v.heard("and");
    },
    [
      "speech-start",
      "user well",
      "speech-end",
      "user! well",
      "start turn_1",
      "audio",
      "completed turn_1",
      "speech-start",
      "user and",
    ],
  ],
  "a turn without words or audio": [
    (v) => {
      v.heard("hm");
      v.complete();
    },
    ["speech-start", "user hm", "speech-end", "user! hm"],
  ],
  "`generationComplete` of nothing": [(v) => v.generated(), []],
  "a tool call after `interrupted`": [
    (v) => {
      v.audio();
      v.interrupted();
      v.heard("wait");
      v.call();
      v.complete();
      v.protocol.submitToolResult("c1", "4", {});
    },
    ["start turn_1", "audio", "cancelled turn_1", "speech-start", "user wait", "tool-call"],
  ],
};

describe("in the order", () => {
  it.each(Object.entries(orders))("%s", async (_, [act, expected]) => {
    const v = vendor();
    act(v);
    await v.clock.advance(60_000);
    expect(v.told()).toEqual(expected.map((line) => line.replace("completed?", "cancelled turn_1")));
    expect(v.protocol.waiting).toBe(false);
    expect(v.clock.pendingTimers).toBe(0);
  });

  it("of an interruption by the application, words of what was not given out come with its length", async () => {
    const v = vendor();
    v.audio();
    v.protocol.interrupt();
    v.audio();
    v.audio();
    v.words("One two three.");
    v.complete();
    await v.clock.advance(60_000);
    expect(v.told()).toEqual([
      "start turn_1",
      "audio",
      "cancelled turn_1",
      "turn_1 One two three.",
      "turn_1! One two three.",
    ]);
    expect(v.events.at(-1)).toMatchObject({ audioMs: 600, itemId: "turn_1" });
    expect(v.protocol.waiting).toBe(false);
  });

  it("of an interruption by the application that the vendor confirms, the next turn is heard at once", () => {
    const v = vendor();
    v.audio();
    v.protocol.interrupt();
    v.interrupted();
    v.audio();
    expect(v.told().slice(-3)).toEqual(["speech-end", "start turn_2", "audio"]);
  });

  const seeds = Array.from({ length: 60 }, (_, i) => i + 1);
  it.each(seeds)("any, the final of words comes once and last, and nothing is left (%i)", async (seed) => {
    const random = seededRandom(seed);
    const v = vendor();
    const acts: ((each: Vendor) => void)[] = [
      (each) => each.audio(),
      (each) => each.words("w "),
      (each) => each.heard("u "),
      (each) => each.interrupted(),
      (each) => each.generated(),
      (each) => each.complete(),
      (each) => each.call(),
      (each) => each.protocol.submitToolResult("c1", "4", {}),
      (each) => each.protocol.interrupt(),
      (each) => each.protocol.sendText("t", {}),
    ];
    for (let n = 0; n < 30; n++) {
      acts[Math.floor(random() * acts.length)]?.(v);
      if (random() < 0.2) await v.clock.advance(random() * 2_000);
    }
    v.protocol.lost();
    const finals = new Set<string>();
    let open: string | undefined;
    let speaking = false;
    for (const event of v.events) {
      if (event.type === "transcript") {
        expect(finals.has(event.id), `${seed}: after the final of ${event.id}`).toBe(false);
        if (event.final) finals.add(event.id);
      }
      if (event.type === "response-start") {
        expect(open, `${seed}: within another`).toBe(undefined);
        open = event.responseId;
      }
      if (event.type === "audio" || event.type === "response-end") expect(event.responseId).toBe(open);
      if (event.type === "response-end") open = undefined;
      if (event.type === "speech-start") expect(speaking).toBe(false);
      if (event.type === "speech-start" || event.type === "speech-end") speaking = event.type === "speech-start";
    }
    expect([open, speaking, v.protocol.waiting, v.clock.pendingTimers]).toEqual([undefined, false, false, 0]);
    const told = new Set(v.events.flatMap((event) => (event.type === "transcript" ? [event.id] : [])));
    expect([...told].filter((id) => !finals.has(id))).toEqual([]);
  });
});

describe("what a new session is told", () => {
  it("of a turn that was heard in part is that part, whenever its words came", async () => {
    for (const late of [false, true]) {
      const v = vendor();
      for (let n = 0; n < 6; n++) v.audio();
      if (!late) v.words("one two three four five six");
      v.interrupted();
      v.protocol.truncate("turn_1", 600);
      v.complete();
      if (late) v.words("one two three four five six");
      v.protocol.lost();
      v.protocol.begin();
      v.protocol.receive({ setupComplete: {} });
      expect(JSON.stringify(v.sent.at(-1))).toContain('"one two three"');
    }
  });
});
