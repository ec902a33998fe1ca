import { allQuiet, assistantSpeaks, heardWords } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { type LabCallOptions, LONG_ANSWER, labCall } from "./lab-call.fixture.ts";

type Call = Awaited<ReturnType<typeof labCall>>;

const QUESTION = "What is the capital of Germany?";
const ANSWER = "Berlin is the capital of Germany, and has been for years.";
const GREETING = "Hello and welcome to the line of all the answers, how can I help?";

/** A call by script, until all is quiet; what is checked of each: the caller is shown that it is their turn, and nothing is left behind. */
async function hold(options: LabCallOptions, script: (call: Call) => void): Promise<Call> {
  const call = await labCall(options);
  script(call);
  await call.lab.run();
  if (!call.lab.line.closed) await call.lab.until(allQuiet(1_500));
  const { lab } = call;
  await call.end();
  expect([lab.clock.pendingTimers, lab.line.listeners, call.tts.open, call.model.open]).toEqual([0, 0, 0, 0]);
  expect(lab).neverTalkedOver();
  return call;
}

describe("a pause inside a sentence", () => {
  it.each([400, 900, 1_600])("of %d ms, that a detector takes for one", async (ms) => {
    const turnDetector = {
      name: "full stop",
      evaluate: async ({ transcript }: { readonly transcript: string }) => ({
        complete: transcript.endsWith("."),
        confidence: 1,
      }),
    };
    const { lab } = await hold({ answer: ANSWER, voice: { turnDetector } }, ({ lab: { caller } }) =>
      caller
        .pauses(300)
        .says("I would like to know")
        .hesitates(ms)
        .says("the capital of")
        .hesitates(ms)
        .says("Germany."),
    );
    expect(lab).toBeOneTurn("I would like to know the capital of Germany.");
    expect(lab).toHaveHeard(ANSWER);
    expect(lab).answeredWithin(700);
  });

  it("shorter than the VAD's silence, without any detector", async () => {
    const { lab } = await hold({ answer: ANSWER }, ({ lab: { caller } }) =>
      caller.pauses(300).says("I would like to know").hesitates(350).says("the capital of Germany."),
    );
    expect(lab).toBeOneTurn("I would like to know the capital of Germany.");
  });
});

describe("what is typed", () => {
  it.each(["reported", "estimated"] as const)(
    "over the greeting comes in the log after what was heard of that (%s)",
    async (playback) => {
      const lab = { playback, network: { delayMs: 60 } };
      const call = await hold({ lab, answer: ANSWER, voice: { greeting: GREETING } }, ({ lab: { caller } }) =>
        caller.until(heardWords(4)).writes(QUESTION),
      );
      expect((await call.log()).map(({ role }) => role)).toEqual(["assistant", "user", "assistant"]);
    },
  );

  it.each([0, 150, 400, 900])("%d ms after the last word is one turn with what was said", async (ms) => {
    const { lab } = await hold({ answer: ANSWER, finalMs: 500 }, ({ lab: { caller } }) =>
      caller.pauses(300).says("I come from Berlin.").pauses(ms).writes(QUESTION),
    );
    expect(lab).toBeOneTurn(`I come from Berlin. ${QUESTION}`);
    expect(lab).toHaveHeard(ANSWER);
  });
});

describe("what does not interrupt", () => {
  it.each(["confirmed", "semantic"] as const)("a knock, a door and a keyboard (%s)", async (strategy) => {
    const { lab } = await hold({ voice: { interruption: { strategy } } }, ({ lab: { caller } }) =>
      caller
        .pauses(300)
        .says(QUESTION)
        .until(heardWords(3))
        .knocks()
        .pauses(900)
        .knocks(3)
        .pauses(900)
        .slamsDoor()
        .pauses(900)
        .types(3_000),
    );
    expect(lab).toBeOneTurn(QUESTION);
    expect(lab).toHaveHeard(LONG_ANSWER);
    expect(lab.ear.spans).toHaveLength(1);
  });

  it("coughs and words of somebody who listens, with `semantic`", async () => {
    const { lab } = await hold({ voice: { interruption: { strategy: "semantic" } } }, ({ lab: { caller } }) =>
      caller.pauses(300).says(QUESTION).until(heardWords(3)).mhm().pauses(900).coughs().pauses(900).mhm("right, okay"),
    );
    expect(lab).toBeOneTurn(QUESTION);
    expect(lab).toHaveHeard(LONG_ANSWER);
    expect(lab.ear.spans).toHaveLength(1);
  });

  it("but the first word that is more does", async () => {
    const { lab } = await hold({ voice: { interruption: { strategy: "semantic" } } }, ({ lab: { caller } }) =>
      caller.pauses(300).says(QUESTION).until(heardWords(3)).mhm("mhm").pauses(60).says("but in France?"),
    );
    expect(lab).toYieldWithin(500);
    expect(lab.client.turns.at(-1)?.text).toContain("but in France?");
  });
});

describe("a cough that does interrupt", () => {
  const coughed = () =>
    hold({}, ({ lab: { caller } }) => caller.pauses(300).says(QUESTION).until(heardWords(3)).coughs());

  it("is no turn, and the assistant goes on where it was", async () => {
    const { lab } = await coughed();
    expect(lab).toBeOneTurn(QUESTION);
    expect(lab.ear.spans.map(({ cleared }) => cleared)).toEqual([true, false]);
    expect(lab).toHaveHeard("Berlin is the capital of Germany, and has been");
  });

  it("and says all of the rest", async () => {
    const { lab } = await coughed();
    expect(lab).toHaveHeard(LONG_ANSWER);
  });
});

describe("whoever is early", () => {
  it("speaks as soon as the line is there", async () => {
    const { lab } = await hold({ answer: ANSWER }, ({ lab: { caller } }) => caller.says(QUESTION));
    expect(lab).toBeOneTurn(QUESTION);
    expect(lab).toHaveHeard(ANSWER);
  });

  it("speaks over the greeting", async () => {
    const { lab, log } = await hold({ answer: ANSWER, voice: { greeting: GREETING } }, ({ lab: { caller } }) =>
      caller.bargesIn(QUESTION, heardWords(2)),
    );
    expect(lab).toYieldWithin(600);
    expect(lab).toBeOneTurn(QUESTION);
    expect(lab).toHaveHeard(ANSWER);
    const [greeting] = await log();
    expect(greeting).toMatchObject({ role: "assistant", heard: { interrupted: true } });
    expect(GREETING.startsWith(greeting?.text ?? "-")).toBe(true);
  });
});

describe("whoever drops off", () => {
  it.each([
    ["hangs up", "client_closed"],
    ["vanishes", "client_lost"],
  ] as const)("%s in the middle of an answer", async (how, code) => {
    const { lab, log } = await hold({}, ({ lab: { caller } }) => {
      caller.pauses(300).says(QUESTION).until(heardWords(5));
      if (how === "hangs up") caller.hangsUp();
      else caller.vanishes().pauses(11_000);
    });
    expect(lab.line.closeReason?.code).toBe(code);
    const answer = (await log()).at(-1);
    expect(answer).toMatchObject({ role: "assistant", heard: { interrupted: true } });
    // What a client that vanished has reported is all that is known.
    const [heard, logged] = [lab.ear.heard(), answer?.text ?? ""].map((text) => text.split(" ").length);
    expect(Math.abs((heard as number) - (logged as number))).toBeLessThanOrEqual(how === "hangs up" ? 1 : 2);
  });

  it("mutes in the middle of a word: what was heard until then is answered", async () => {
    const { lab } = await hold({ answer: ANSWER }, ({ lab: both }) => {
      both.caller.pauses(300).says("What is the capital of Germany and of France?");
      both.beside("hand").at(1_500).mutes().pauses(3_000).unmutes();
    });
    expect(lab).toBeOneTurn("What is the capital of");
    expect(lab).toHaveHeard(ANSWER);
  });
});

describe("other ways to take the floor", () => {
  it("the button silences, and nothing is said until the caller speaks", async () => {
    const { lab } = await hold({}, ({ lab: { caller } }) =>
      caller.pauses(300).says(QUESTION).until(heardWords(5)).stops(),
    );
    expect(lab.ear.spans).toMatchObject([{ cleared: true }]);
  });

  it("writing cuts the answer off, and is answered", async () => {
    const { lab } = await hold({ answer: ANSWER }, ({ lab: { caller } }) =>
      caller.pauses(300).writes("The capital of Germany?").until(heardWords(3)).writes("No, of France."),
    );
    expect(lab.client.turns.map(({ text }) => text)).toEqual(["The capital of Germany?", "No, of France."]);
    expect(lab.ear.spans.map(({ cleared }) => cleared)).toEqual([true, false]);
  });

  it("is the same call again, byte for byte", async () => {
    const once = async (): Promise<string> => {
      const options = { seed: 3, network: { delayMs: 30, jitterMs: 30, stalls: [{ atMs: 5_000, ms: 400 }] } };
      const { lab } = await hold({ lab: { ...options, noise: { kind: "pink", snrDb: 25 } } }, ({ lab: { caller } }) =>
        caller.pauses(300).says(QUESTION).until(assistantSpeaks).pauses(1_234).says("No, I meant another one."),
      );
      return lab.trace.toString();
    };
    const first = await once();
    expect(first.split("\n").length).toBeGreaterThan(50);
    expect(await once()).toBe(first);
  });
});
