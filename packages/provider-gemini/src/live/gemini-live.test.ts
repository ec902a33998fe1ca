import { type AudioFrame, type RealtimeEvent, type RealtimeSessionConfig, silentLogger } from "@roomkit/core";
import {
  audioOfText,
  type GeminiLiveStandInOptions,
  geminiLiveRoute,
  type ScriptedRequest,
  StandIn,
} from "@roomkit/provider-standins";
import { bytesOfSamples, PcmFramer } from "@roomkit/provider-utils";
import { VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { geminiLive } from "./gemini-live.ts";
import type { GeminiLiveOptions } from "./options.ts";

const tools = [{ name: "dice", description: "Rolls\u0007 a die.", parameters: { type: "object", $schema: "x" } }];

type Frame = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

let standIn: StandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

interface Setting {
  readonly route?: GeminiLiveStandInOptions;
  readonly options?: GeminiLiveOptions;
  readonly config?: RealtimeSessionConfig;
  readonly prepare?: (started: StandIn) => void;
}

async function call({ route = {}, options = {}, config = {}, prepare }: Setting = {}) {
  const requests: ScriptedRequest[] = [];
  const script = route.script ?? (({ userText }: ScriptedRequest) => ({ text: ["You said ", userText] }));
  const started = await StandIn.start(
    geminiLiveRoute({
      ...route,
      script: (request) => {
        requests.push(request);
        return script(request);
      },
    }),
  );
  standIn = started;
  prepare?.(started);
  const clock = new VirtualClock();
  const provider = geminiLive({
    apiKey: "secret-key-123",
    baseURL: started.url,
    logger: silentLogger,
    clock,
    ...options,
  });
  const session = await provider.connect(config, { signal: new AbortController().signal });
  const events: RealtimeEvent[] = [];
  session.onEvent((event) => events.push(event));
  return {
    standIn: started,
    requests,
    events,
    session,
    clock,
    of: <T extends RealtimeEvent["type"]>(type: T) =>
      events.filter((event): event is Extract<RealtimeEvent, { type: T }> => event.type === type),
    sent: (kind: string) => (started.received() as Frame[]).filter((frame) => frame[kind]).map((frame) => frame[kind]),
    async until(predicate: () => boolean): Promise<void> {
      for (let turn = 0; !predicate(); turn++) {
        if (turn > 3_000)
          throw new Error(
            `it did not happen: ${events.map((e) => (e.type === "error" ? String(e.error) : e.type)).join(" ")}`,
          );
        await clock.advance(5);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    async clean(): Promise<void> {
      await session.close();
      await started.expectClean();
      expect(clock.pendingTimers).toBe(0);
    },
  };
}

function frames(text: string): AudioFrame[] {
  const said = audioOfText(text, 16_000);
  const samples = new Int16Array(said.length + 16_000);
  samples.set(said);
  return new PcmFramer({ sampleRate: 16_000, channels: 1 }).push(bytesOfSamples(samples));
}

describe("the session", () => {
  it("is set up in the vendor's words", async () => {
    const c = await call({
      options: {
        thinkingBudget: 0,
        interruptible: false,
        activityDetection: { startSensitivity: "low", silenceDurationMs: 300 },
      },
      config: { instructions: "Be\u0000 brief.", voice: "Puck", language: "de-DE", temperature: 0.5, tools },
    });
    expect(c.sent("setup")).toEqual([
      {
        model: "models/gemini-3.1-flash-live-preview",
        generationConfig: {
          responseModalities: ["AUDIO"],
          temperature: 0.5,
          speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Puck" } }, languageCode: "de-DE" },
          thinkingConfig: { thinkingBudget: 0 },
        },
        systemInstruction: { role: "user", parts: [{ text: "Be brief." }] },
        tools: [
          {
            functionDeclarations: [
              {
                name: "dice",
                description: "Rolls a die.",
                parametersJsonSchema: { type: "object", properties: {} },
              },
            ],
          },
        ],
        sessionResumption: {},
        inputAudioTranscription: {},
        outputAudioTranscription: {},
        realtimeInputConfig: {
          automaticActivityDetection: { startOfSpeechSensitivity: "START_SENSITIVITY_LOW", silenceDurationMs: 300 },
          activityHandling: "NO_INTERRUPTION",
        },
        contextWindowCompression: { slidingWindow: {} },
      },
    ]);
    await expect(c.session.update({ instructions: "x" })).rejects.toMatchObject({ code: "unsupported" });
    await c.clean();
  });

  it("is told the history before anything else", async () => {
    const history = [
      { role: "user" as const, text: "I am Ada" },
      { role: "assistant" as const, text: "Hello Ada" },
    ];
    const c = await call({ config: { history } });
    c.session.sendText("who am I");
    await c.until(() => c.of("response-end").length === 1);
    expect(c.requests[0]?.body).toMatchObject({
      contents: [
        { role: "user", text: "I am Ada" },
        { role: "model", text: "Hello Ada" },
        { role: "user", text: "who am I" },
      ],
    });
    await c.clean();
  });

  it("marks turns by hand where they are manual", async () => {
    const c = await call({ route: { transcribe: () => "by hand" }, config: { turnDetection: "manual" } });
    const [frame] = frames("x") as [AudioFrame];
    c.session.sendAudio(frame);
    c.session.activityStart();
    c.session.sendAudio(frame);
    c.session.activityEnd();
    await c.until(() => c.of("response-end").length === 1);
    expect(c.sent("realtimeInput").map((input) => Object.keys(input ?? {})[0])).toEqual([
      "activityStart",
      "audio",
      "activityEnd",
    ]);
    expect(c.events.map(({ type }) => type).slice(0, 2)).toEqual(["speech-start", "speech-end"]);
    await c.clean();
  });

  it("never sends content once audio was sent, nor control characters at all", async () => {
    const c = await call({ options: { model: "gemini-2.5-flash-live" } });
    c.session.sendText("a note", { respond: false });
    const [frame] = frames("x") as [AudioFrame];
    c.session.sendAudio(frame);
    c.session.sendText("another", { respond: false });
    c.session.sendText("now\u0001 \ud800answer");
    await c.until(() => c.of("response-end").length === 1);
    expect(c.sent("clientContent")).toHaveLength(1);
    expect(c.requests[0]?.userText).toBe("another\nnow answer");
    await c.clean();
  });
});

describe("what is said", () => {
  it("by the caller is complete before the answer, and announces speech once", async () => {
    const c = await call({ route: { pieceMs: 1 } });
    for (const frame of frames("good day")) c.session.sendAudio(frame);
    await c.until(() => c.of("transcript").some(({ role, final }) => role === "assistant" && final));
    const finals = c.of("transcript").filter(({ final }) => final);
    expect(finals.map(({ role, text }) => [role, text])).toEqual([
      ["user", "good day"],
      ["assistant", "You said good day"],
    ]);
    const names = c.events.map(({ type }) => type);
    expect(names.indexOf("speech-end")).toBeLessThan(names.indexOf("response-start"));
    expect(c.of("speech-start")).toHaveLength(1);
    await c.clean();
  });

  it("by the model stops when the caller speaks", async () => {
    const c = await call({
      route: { pieceMs: 100, script: ({ userText }) => ({ text: `${userText} and on and on`.split(/(?= )/) }) },
    });
    c.session.sendText("on");
    await c.until(() => c.of("audio").length > 0);
    for (const frame of frames("stop")) c.session.sendAudio(frame);
    await c.until(() => c.of("response-end").length === 2);
    expect(c.of("response-end").map(({ status }) => status)).toEqual(["cancelled", "completed"]);
    expect(c.of("speech-start")).toHaveLength(1);
    await c.clean();
  });
});

describe("tools", () => {
  const two = ["a", "b"].map((id) => ({ id, name: "dice", arguments: '{"sides":6}' }));

  it("are answered together, as objects, and texts wait for that", async () => {
    const c = await call({
      route: {
        script: ({ toolResults, userText }) =>
          toolResults.length > 0 || userText !== "roll" ? { text: ["Done."] } : { toolCalls: two },
      },
      config: { tools },
    });
    c.session.sendText("roll");
    await c.until(() => c.of("tool-call").length === 2);
    c.session.sendText("hurry");
    c.session.submitToolResult("a", "4");
    c.session.submitToolResult("b", "no dice", { isError: true });
    c.session.submitToolResult("b", "again");
    await c.until(() => c.requests.length === 3);
    expect(c.sent("toolResponse")).toEqual([
      {
        functionResponses: [
          { id: "a", name: "dice", response: { output: "4" } },
          { id: "b", name: "dice", response: { error: "no dice" } },
        ],
      },
    ]);
    expect(c.requests[1]?.toolResults).toEqual(["4", "no dice"]);
    expect(c.requests[2]?.userText).toBe("hurry");
    await c.clean();
  });

  it("that the model takes back are not answered", async () => {
    const c = await call({
      route: { script: ({ userText }) => (userText === "roll" ? { toolCalls: two } : { text: ["Fine."] }) },
      config: { tools },
    });
    c.session.sendText("roll");
    await c.until(() => c.of("tool-call").length === 2);
    for (const frame of frames("stop")) c.session.sendAudio(frame);
    await c.until(() => c.of("tool-call-cancelled").length === 1);
    c.session.submitToolResult("a", "4");
    await c.until(() => c.of("response-end").some(({ status }) => status === "completed"));
    expect(c.of("tool-call-cancelled")[0]?.ids).toEqual(["a", "b"]);
    expect(c.sent("toolResponse")).toEqual([]);
    await c.clean();
  });
});

describe("the connection", () => {
  it("is replaced by one that resumes before the vendor ends it", async () => {
    const vendor = new VirtualClock();
    const c = await call({ route: { goAwayMs: 1_000, clock: vendor } });
    c.session.sendText("remember me");
    await c.until(() => c.of("response-end").length === 1);
    await vendor.advance(1_000);
    await c.until(() => c.of("reconnected").length === 1);
    expect(c.of("reconnected")[0]?.contextKept).toBe(true);
    expect(c.sent("setup")[1]?.sessionResumption).toMatchObject({ handle: expect.stringMatching(/^handle-/) });
    c.session.sendText("again");
    await c.until(() => c.of("response-end").length === 2);
    expect(c.requests[1]?.body).toMatchObject({
      contents: [{ text: "remember me" }, { role: "model" }, { text: "again" }],
    });
    expect(c.of("error")).toEqual([]);
    await c.clean();
  });

  it("that was lost before an answer is resumed, and asked again", async () => {
    const c = await call({ prepare: (started) => started.fault({ kind: "cut", after: 2 }) });
    c.session.sendText("hello");
    await c.until(() => c.of("response-end").length === 1);
    expect(c.of("response-end")[0]?.status).toBe("completed");
    expect(c.of("reconnected")).toHaveLength(1);
    await c.clean();
  });

  it("whose handle is refused goes on with a new session that is told what was said", async () => {
    const c = await call({
      prepare: (started) => {
        // Words and audio of "You said ", then the connection is gone; the next one does not take the handle.
        started.fault({ kind: "cut", after: 5 });
        started.fault({ kind: "close", after: 0, code: 1007, reason: "Invalid session resumption handle." });
      },
    });
    c.session.sendText("remember me");
    await c.until(() => c.of("reconnected").length === 1);
    c.session.sendText("again");
    await c.until(() => c.of("response-end").some(({ status }) => status === "completed"));
    expect(c.sent("setup").at(-1)?.sessionResumption).toEqual({});
    expect(c.standIn.log.filter(({ dir }) => dir === "upgrade")).toHaveLength(3);
    expect(c.requests.at(-1)?.body).toMatchObject({
      contents: [{ text: "remember me" }, { role: "model", text: "You said" }, { text: "again" }],
    });
    expect(c.of("reconnecting")).toHaveLength(1);
    await c.clean();
  });

  it("whose vendor hears speech and never answers is given up, and asked in words", async () => {
    const c = await call({
      route: { ignoresSpeech: true, tellsActivity: true },
      options: { responseTimeoutMs: 1_000 },
    });
    const [silent] = frames("") as [AudioFrame];
    for (const frame of frames("anybody there")) c.session.sendAudio(frame);
    await c.until(() => c.of("speech-end").length === 1);
    // Our own audio goes on, as a caller's does.
    await c.until(() => {
      c.session.sendAudio(silent);
      return c.of("reconnected").length === 1;
    });
    await c.until(() => c.of("response-end").length === 1);
    expect(c.of("error")).toMatchObject([{ fatal: false, error: { code: "provider_timeout" } }]);
    expect(c.requests.at(-1)?.userText).toContain("say it again");
    await c.clean();
  });

  it("that tells words late answers, and leaves nothing owed", async () => {
    const c = await call({ route: { lateWords: true, pieceMs: 100 }, options: { responseTimeoutMs: 1_000 } });
    c.session.sendText("on and on");
    await c.until(() => c.of("audio").length > 0);
    for (const frame of frames("stop")) c.session.sendAudio(frame);
    await c.until(() => c.of("transcript").filter(({ role, final }) => role === "assistant" && final).length === 2);
    expect(c.of("response-end").map(({ status }) => status)).toEqual(["cancelled", "completed"]);
    await c.clock.advance(5_000);
    expect(c.of("error")).toEqual([]);
    expect(c.of("reconnecting")).toEqual([]);
    await c.clean();
  });

  it.each([
    [1007, "Request contains an invalid argument.", "provider_invalid_request"],
    [1008, "models/x is not found", "provider_invalid_request"],
    [1008, "API key not valid", "provider_auth"],
    [1011, "You exceeded your current quota", "provider_quota"],
  ])("closed with %d (%s) is given up at once", async (code, reason, expected) => {
    const c = await call({ prepare: (started) => started.fault({ kind: "close", after: 3, code, reason }) });
    c.session.sendText("hello");
    await c.until(() => c.of("closed").length === 1);
    expect(c.of("reconnecting")).toEqual([]);
    expect(c.of("error")).toMatchObject([{ fatal: true, error: { code: expected } }]);
    await c.clean();
  });

  it("to a model there is none of fails at once, and shows no key", async () => {
    const attempt = call({ route: { models: ["other"] } });
    const error: unknown = await attempt.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "provider_invalid_request" });
    expect(JSON.stringify(error) + String(error)).not.toContain("secret-key-123");
  });
});

it("goes where GOOGLE_GEMINI_BASE_URL says, unless it is told an address", async () => {
  const started = await StandIn.start(geminiLiveRoute());
  standIn = started;
  const { signal } = new AbortController();
  try {
    for (const [variable, baseURL] of [[started.url], ["http://127.0.0.1:1", started.url]] as const) {
      vi.stubEnv("GOOGLE_GEMINI_BASE_URL", variable);
      const session = await geminiLive({ apiKey: "key-1234", baseURL, logger: silentLogger }).connect({}, { signal });
      await session.close();
    }
  } finally {
    vi.unstubAllEnvs();
  }
  expect(started.log.filter(({ dir }) => dir === "upgrade").length).toBe(2);
});

it("refuses options that make no sense", () => {
  const wrong: GeminiLiveOptions[] = [
    { model: "" },
    { baseURL: "ftp://x" },
    { responseTimeoutMs: 0 },
    { thinkingBudget: -1 },
    { compression: { triggerTokens: 1.5 } },
  ];
  for (const options of wrong)
    expect(() => geminiLive({ apiKey: "key-1234", ...options })).toThrowError(
      expect.objectContaining({ code: "invalid_option" }),
    );
});
