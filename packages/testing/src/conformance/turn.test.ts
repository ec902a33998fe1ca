import {
  abortedError,
  gradedDecision,
  lastAudio,
  RoomKitError,
  rms,
  type TurnContext,
  type TurnDecision,
  type TurnDetector,
} from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { settle } from "../settle.ts";
import { CLOSE_DEFECTS, type Connections, HeldConnection } from "./close.fixture.ts";
import { turnDetectorConformance } from "./turn.ts";

/** What is wrong with a detector, and the case that must find it. */
const DEFECTS = {
  "has no name": "says what it is",
  "is sure beyond measure": "decides within range",
  "is sure of nothing": "decides within range",
  "says maybe": "decides within range",
  "waits for ever": "decides within range",
  "gives its reason in a sentence": "decides within range",
  "repeats the speaker": "decides within range",
  "is always of one mind": "tells some moments from others",
  "needs audio": "whatever it is given: words without audio",
  "trusts the numbers it is given": "whatever it is given: numbers that are none",
  "trusts the language it is given": "whatever it is given: a language that is none",
  "refuses a rate": "whatever it is given: 8 kHz",
  "is of another mind each time": "decides the same again",
  "mixes judgements up": "keeps concurrent judgements apart",
  "writes to its context": "leaves what it is given",
  "begins although aborted": "ends at once with `aborted`",
  "has an error of its own for an abort": "ends when it is aborted meanwhile",
  "is spent after an abort": "ends when it is aborted meanwhile",
  "leaves its listener": "leaves no listener",
  "survives its end": "ends what runs with `closed`",
  "goes on after its end": "refuses with `closed`",
  ...CLOSE_DEFECTS,
} as const;
type Defect = keyof typeof DEFECTS;

/** A correct detector of question marks and small words, but for one defect. */
function detector(connections: Connections, defect?: Defect): TurnDetector {
  const is = (name: Defect): boolean => name === defect;
  const closing = new AbortController();
  const connection = new HeldConnection(connections, defect, () => {
    if (!is("goes on after its end")) closing.abort(new RoomKitError("closed", "closed"));
  });
  let [asked, spent, shared] = [0, false, ""];

  const decide = (context: TurnContext, transcript: string): TurnDecision => {
    if (is("needs audio") && context.audio.length === 0) throw new TypeError("no audio");
    if (is("trusts the language it is given")) new Intl.Locale(context.language ?? "en");
    if (is("refuses a rate") && context.audio.some(({ sampleRate }) => sampleRate === 8_000))
      throw new RoomKitError("unsupported_format", "8 kHz");
    const loud = rms(lastAudio(context.audio, 500).samples) > 0;
    const odds = /\?$/.test(transcript.slice(-20))
      ? 0.9
      : /\b(of|five|that)$/.test(transcript.slice(-20))
        ? 0.1
        : loud
          ? 0.5
          : 0.6;
    const right = gradedDecision(is("is always of one mind") ? 0.9 : odds, context, "ending");
    if (is("is sure beyond measure")) return { ...right, confidence: 90 };
    if (is("is sure of nothing")) return { ...right, confidence: Number.NaN };
    if (is("says maybe")) return { ...right, complete: "maybe" as unknown as boolean };
    if (is("waits for ever")) return { ...right, waitMs: Number.POSITIVE_INFINITY };
    if (is("gives its reason in a sentence")) return { ...right, reason: "It ends so." };
    if (is("repeats the speaker")) return { ...right, reason: transcript.split(" ").at(-2) ?? "none" };
    if (is("trusts the numbers it is given")) return { ...right, waitMs: 500 - context.silenceMs };
    if (is("is of another mind each time")) return { ...right, confidence: right.confidence / (1 + asked) };
    return right;
  };

  return {
    name: is("has no name") ? "" : "plain",
    async evaluate(context, { signal }) {
      if (closing.signal.aborted) throw new RoomKitError("closed", "closed");
      if (signal.aborted && !is("begins although aborted")) throw abortedError(signal);
      if (spent) throw new RoomKitError("closed", "spent");
      asked++;
      shared = context.transcript;
      if (is("writes to its context")) (context as { silenceMs: number }).silenceMs++;
      const onAbort = (): void => {};
      signal.addEventListener("abort", onAbort);
      for (let i = 0; i < 5; i++) {
        await settle(1);
        if (closing.signal.aborted && !is("survives its end")) throw new RoomKitError("closed", "closed");
        if (!signal.aborted || is("begins although aborted")) continue;
        if (is("has an error of its own for an abort")) throw new DOMException("stopped", "AbortError");
        spent = is("is spent after an abort");
        throw abortedError(signal);
      }
      if (is("survives its end") && closing.signal.aborted) throw new RoomKitError("survived", "survived");
      if (!is("leaves its listener")) signal.removeEventListener("abort", onAbort);
      return decide(context, is("mixes judgements up") ? shared : context.transcript);
    },
    close: () => connection.close(),
  };
}

const suite = (defect?: Defect) => {
  const connections: Connections = { open: 0 };
  return turnDetectorConformance({
    create: () => detector(connections, defect),
    open: () => connections.open,
    patienceMs: 1_000,
  });
};

describe("turnDetectorConformance", () => {
  for (const { name, run } of suite()) it(`passes: ${name}`, run);

  it.each(Object.entries(DEFECTS) as [Defect, string][])("finds a detector that %s", async (defect, requirement) => {
    const found = suite(defect).filter(({ name }) => name.includes(requirement));
    expect(found).toHaveLength(1);
    await expect(found[0]?.run()).rejects.toThrow();
  });
});
