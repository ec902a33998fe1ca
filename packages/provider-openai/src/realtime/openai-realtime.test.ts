import { alaw, mulaw } from "@roomkit/codec-mulaw";
import { type AudioFrame, type RealtimeEvent, type RealtimeSessionConfig, silence, silentLogger } from "@roomkit/core";
import {
  audioOfText,
  type OpenAIRealtimeStandInOptions,
  openaiRealtimeRoute,
  type ScriptedRequest,
  StandIn,
} from "@roomkit/provider-standins";
import { bytesOfSamples, PcmFramer } from "@roomkit/provider-utils";
import { settle, VirtualClock } from "@roomkit/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openaiRealtime } from "./openai-realtime.ts";
import type { OpenAIRealtimeOptions } from "./options.ts";

const tools = [{ name: "dice", description: "Rolls a die.", parameters: { type: "object", properties: {} } }];

interface Frame {
  readonly type: string;
  readonly [key: string]: unknown;
}

interface Call {
  readonly standIn: StandIn;
  readonly requests: ScriptedRequest[];
  readonly events: RealtimeEvent[];
  readonly session: Awaited<ReturnType<ReturnType<typeof openaiRealtime>["connect"]>>;
  of<T extends RealtimeEvent["type"]>(type: T): Extract<RealtimeEvent, { type: T }>[];
  sent(type: string): Frame[];
  until(predicate: () => boolean): Promise<void>;
  /** Lets real sockets, and a virtual clock, go on. */
  readonly clock: VirtualClock;
}

let standIn: StandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

async function call(
  routeOptions: OpenAIRealtimeStandInOptions = {},
  options: OpenAIRealtimeOptions = {},
  config: RealtimeSessionConfig = {},
  prepare: (started: StandIn) => void = () => {},
  rates: { readonly inputSampleRate?: number; readonly outputSampleRate?: number } = {},
): Promise<Call> {
  const requests: ScriptedRequest[] = [];
  const script = routeOptions.script ?? (({ userText }: ScriptedRequest) => ({ text: ["You said ", userText] }));
  const started = await StandIn.start(
    openaiRealtimeRoute({
      ...routeOptions,
      script: (request) => {
        requests.push(request);
        return script(request);
      },
    }),
  );
  standIn = started;
  prepare(started);
  const clock = new VirtualClock();
  const provider = openaiRealtime({
    apiKey: "secret-key-123",
    baseURL: `${started.url}/v1`,
    logger: silentLogger,
    clock,
    ...options,
  });
  const session = await provider.connect(config, { signal: new AbortController().signal, ...rates });
  const events: RealtimeEvent[] = [];
  session.onEvent((event) => events.push(event));
  const until = async (predicate: () => boolean): Promise<void> => {
    for (let turn = 0; !predicate(); turn++) {
      if (turn > 3_000) throw new Error(`it did not happen: ${events.map(({ type }) => type).join(" ")}`);
      await clock.advance(5);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  return {
    standIn: started,
    requests,
    events,
    session,
    clock,
    until,
    of: (type) => events.filter((event): event is never => event.type === type),
    sent: (type) => (started.received() as Frame[]).filter((frame) => frame.type === type),
  };
}

function frames(text: string, sampleRate = 24_000): AudioFrame[] {
  const said = audioOfText(text, sampleRate);
  const samples = new Int16Array(said.length + sampleRate);
  samples.set(said);
  return new PcmFramer({ sampleRate, channels: 1 }).push(bytesOfSamples(samples));
}

async function clean({ session, standIn: server, clock }: Call): Promise<void> {
  await session.close();
  await server.expectClean();
  expect(clock.pendingTimers).toBe(0);
}

describe("the session", () => {
  it("is configured once, in the vendor's words", async () => {
    const c = await call(
      {},
      { turnDetection: { type: "server_vad", silenceDurationMs: 300, threshold: 0.4 }, speed: 1.2 },
      { instructions: "Be brief.", voice: "cedar", language: "de-DE", tools, providerOptions: { tracing: "auto" } },
    );
    expect(c.sent("session.update")).toEqual([
      {
        type: "session.update",
        event_id: expect.any(String),
        session: {
          type: "realtime",
          output_modalities: ["audio"],
          instructions: "Be brief.",
          tools: [{ type: "function", ...tools[0] }],
          tracing: "auto",
          audio: {
            input: {
              format: { type: "audio/pcm", rate: 24_000 },
              transcription: { model: "gpt-4o-mini-transcribe", language: "de" },
              noise_reduction: { type: "far_field" },
              turn_detection: {
                type: "server_vad",
                threshold: 0.4,
                silence_duration_ms: 300,
                create_response: true,
                interrupt_response: true,
              },
            },
            output: { format: { type: "audio/pcm", rate: 24_000 }, voice: "cedar", speed: 1.2 },
          },
        },
      },
    ]);
    await c.session.update({ instructions: "Be long." });
    expect(c.sent("session.update")[1]?.session).toEqual({ type: "realtime", instructions: "Be long." });
    await clean(c);
  });

  it("leaves turns to the application when they are manual", async () => {
    const c = await call({ transcribe: () => "by hand" }, {}, { turnDetection: "manual" });
    expect(c.sent("session.update")[0]).toMatchObject({ session: { audio: { input: { turn_detection: null } } } });
    c.session.sendAudio(silence(c.session.inbound, 200));
    c.session.activityStart();
    for (let at = 0; at < 400; at += 20) c.session.sendAudio(silence(c.session.inbound, 20, at));
    c.session.activityEnd();
    await c.until(() => c.of("response-end").length === 1);
    expect(c.sent("input_audio_buffer.append")).toHaveLength(20);
    expect(c.events.map(({ type }) => type).slice(0, 2)).toEqual(["speech-start", "speech-end"]);
    // Too short to be a turn.
    c.session.activityStart();
    c.session.sendAudio(silence(c.session.inbound, 20));
    c.session.activityEnd();
    await c.until(() => c.sent("input_audio_buffer.clear").length === 1);
    expect([c.sent("input_audio_buffer.commit").length, c.of("error").length]).toEqual([1, 0]);
    await clean(c);
  });

  it("speaks G.711 at 8 kHz", async () => {
    const c = await call({}, { codec: mulaw() });
    expect([c.session.inbound.sampleRate, c.session.outbound.sampleRate]).toEqual([8_000, 8_000]);
    c.session.sendText("hi");
    await c.until(() => c.of("response-end").length === 1);
    expect(c.of("audio")[0]?.frame.sampleRate).toBe(8_000);
    expect(c.of("audio").reduce((sum, { frame }) => sum + frame.samples.length, 0)).toBe("You said hi".length * 160);
    c.session.sendAudio(silence({ sampleRate: 8_000, channels: 1 }, 20));
    await c.until(() => c.sent("input_audio_buffer.append").length === 1);
    expect(Buffer.from(String(c.sent("input_audio_buffer.append")[0]?.audio), "base64")).toHaveLength(160);
    await clean(c);
  });

  const pcm = { type: "audio/pcm", rate: 24_000 };
  it.each([
    [mulaw(), { inputSampleRate: 8_000, outputSampleRate: 8_000 }, { type: "audio/pcmu" }, { type: "audio/pcmu" }],
    [alaw(), { inputSampleRate: 8_000, outputSampleRate: 8_000 }, { type: "audio/pcma" }, { type: "audio/pcma" }],
    [mulaw(), { inputSampleRate: 48_000, outputSampleRate: 24_000 }, pcm, pcm],
    [mulaw(), { inputSampleRate: 16_000, outputSampleRate: 16_000 }, pcm, pcm],
    [mulaw(), { inputSampleRate: 16_000, outputSampleRate: 8_000 }, pcm, { type: "audio/pcmu" }],
    [mulaw(), { inputSampleRate: 8_000, outputSampleRate: 24_000 }, { type: "audio/pcmu" }, pcm],
    [undefined, { inputSampleRate: 8_000, outputSampleRate: 8_000 }, pcm, pcm],
  ])("asks for what each end has: %o at %o", async (codec, rates, input, output) => {
    const c = await call({ transcribe: () => "good day", codec }, { codec }, {}, undefined, rates);
    const [update] = c.sent("session.update");
    expect(update).toMatchObject({ session: { audio: { input: { format: input }, output: { format: output } } } });
    const rateOf = (format: object): number => (format === pcm ? 24_000 : 8_000);
    expect([c.session.inbound.sampleRate, c.session.outbound.sampleRate]).toEqual([rateOf(input), rateOf(output)]);
    for (const frame of frames("good day", rateOf(input))) c.session.sendAudio(frame);
    await c.until(() => c.of("response-end").length === 1);
    const spoken = c.of("audio").reduce((sum, { frame }) => sum + frame.samples.length / frame.sampleRate, 0);
    expect(spoken).toBeCloseTo("You said good day".length * 0.02);
    expect(c.of("error")).toEqual([]);
    await clean(c);
  });

  it("refuses audio of another rate, once and without ending", async () => {
    const c = await call();
    c.session.sendAudio(silence({ sampleRate: 16_000, channels: 1 }, 20));
    c.session.sendAudio(silence({ sampleRate: 16_000, channels: 1 }, 20));
    expect(c.of("error")).toMatchObject([{ fatal: false, error: { code: "unsupported_format" } }]);
    expect(c.sent("input_audio_buffer.append")).toEqual([]);
    await clean(c);
  });
});

describe("what is heard", () => {
  it.each(["late", "never", "failed"] as const)("with transcripts that come %s", async (transcription) => {
    const c = await call({ transcription, pieceMs: 1 }, { transcriptWaitMs: 400 });
    for (const frame of frames("good day")) c.session.sendAudio(frame);
    await c.until(() => c.of("response-end").length === 1);
    const words = c.events.filter((event) => event.type === "transcript" && event.final);
    const expected =
      transcription === "never"
        ? [["assistant", "You said good day"]]
        : [
            ["user", transcription === "late" ? "good day" : ""],
            ["assistant", "You said good day"],
          ];
    expect(words.map((event) => event.type === "transcript" && [event.role, event.text])).toEqual(expected);
    // Its audio did not wait for them.
    expect(c.events.findIndex(({ type }) => type === "audio")).toBeLessThan(
      c.events.indexOf(words[0] as RealtimeEvent),
    );
    await clean(c);
  });

  it("in the order it was spoken, when the transcripts cross", async () => {
    const c = await call({ transcription: "crossed", pieceMs: 1 }, { transcriptWaitMs: 60_000 });
    for (const said of ["one apple", "two pears"]) {
      const answers = c.requests.length;
      for (const frame of frames(said)) c.session.sendAudio(frame);
      await c.until(() => c.requests.length > answers);
      await settle(20);
    }
    await c.until(() => c.of("response-end").length === 2);
    const words = c.of("transcript").filter(({ final }) => final);
    expect(words.map(({ text }) => text)).toEqual([
      "one apple",
      "You said one apple",
      "two pears",
      "You said two pears",
    ]);
    await clean(c);
  });

  it("tells a tool call after the words that caused it", async () => {
    const c = await call({ transcription: "late", script: () => ({ toolCalls: [{ name: "dice", arguments: "" }] }) });
    for (const frame of frames("roll")) c.session.sendAudio(frame);
    await c.until(() => c.of("response-end").length === 1);
    const order = c.events.filter((e) => e.type === "tool-call" || (e.type === "transcript" && e.final));
    expect(order.map(({ type }) => type)).toEqual(["transcript", "tool-call"]);
    await clean(c);
  });
});

describe("tools", () => {
  it("are answered together, and only then the model goes on", async () => {
    const two = ["a", "b"].map((id) => ({ id, name: "dice", arguments: '{"sides":6}' }));
    const c = await call(
      { script: ({ toolResults }) => (toolResults.length > 0 ? { text: ["Done."] } : { toolCalls: two }) },
      {},
      { tools },
    );
    c.session.sendText("roll two");
    await c.until(() => c.of("tool-call").length === 2);
    c.session.submitToolResult("a", "4");
    await c.until(() => c.of("response-end").length === 1 && c.sent("conversation.item.create").length === 2);
    await settle(20);
    expect(c.sent("response.create")).toHaveLength(1);
    c.session.submitToolResult("b", "no dice", { isError: true });
    await c.until(() => c.of("response-end").length === 2);
    expect(c.requests[1]?.toolResults).toEqual(["4", "Error: no dice"]);
    expect(c.sent("response.create")).toHaveLength(2);
    expect(c.of("error")).toEqual([]);
    await clean(c);
  });

  it("that are called with nonsense are refused on the spot", async () => {
    const c = await call(
      {
        script: ({ toolResults }) =>
          toolResults.length > 0 ? { text: ["Sorry."] } : { toolCalls: [{ name: "dice", arguments: "{oops" }] },
      },
      {},
      { tools },
    );
    c.session.sendText("roll");
    await c.until(() => c.of("response-end").length === 2);
    expect(c.of("tool-call")).toEqual([]);
    expect(c.requests[1]?.toolResults).toEqual(["Error: The arguments were not JSON."]);
    await clean(c);
  });

  it("answered while the response still runs wait for its end", async () => {
    const c = await call({
      pieceMs: 20,
      script: ({ toolResults }) =>
        toolResults.length > 0
          ? { text: ["Done."] }
          : {
              toolCalls: [
                { id: "a", name: "dice", arguments: "" },
                { id: "b", name: "dice", arguments: "" },
              ],
            },
    });
    c.session.onEvent((event) => event.type === "tool-call" && c.session.submitToolResult(event.id, "1"));
    c.session.sendText("roll");
    await c.until(() => c.of("response-end").some((_, i) => i > 0));
    expect(c.of("error")).toEqual([]);
    await clean(c);
  });
});

describe("an interruption", () => {
  it("truncates to what was heard, in whole ms, within what was received, and only ever to less", async () => {
    const c = await call();
    c.session.sendText("a long story");
    await c.until(() => c.of("response-end").length === 1);
    const item = c.of("audio")[0]?.itemId as string;
    c.session.truncate(item, 100_000);
    c.session.truncate(item, 99.6);
    c.session.truncate(item, 50);
    c.session.truncate(item, 70);
    c.session.truncate("unknown", 50);
    await c.until(() => c.sent("conversation.item.truncate").length > 1);
    expect(c.sent("conversation.item.truncate")).toMatchObject([
      { item_id: item, content_index: 0, audio_end_ms: 100 },
      { item_id: item, content_index: 0, audio_end_ms: 50 },
    ]);
    await clean(c);
  });

  it("by speech stops the model, whoever notices first, without an error", async () => {
    const c = await call({
      pieceMs: 100,
      script: ({ userText }) => ({ text: `${userText} and on and on`.split(/(?= )/) }),
    });
    c.session.sendText("on");
    await c.until(() => c.of("audio").length > 0);
    c.session.onEvent((event) => event.type === "speech-start" && c.session.interrupt());
    for (const frame of frames("stop")) c.session.sendAudio(frame);
    await c.until(() => c.of("response-end").length === 2);
    expect(c.of("response-end").map(({ status }) => status)).toEqual(["cancelled", "completed"]);
    expect(c.of("error")).toEqual([]);
    await clean(c);
  });

  it("before the response exists stops it when it does", async () => {
    const c = await call({ pieceMs: 50 });
    c.session.sendText("never mind");
    c.session.interrupt();
    await c.until(() => c.of("response-end").length === 1);
    expect(c.of("response-end")[0]?.status).toBe("cancelled");
    expect(c.of("audio")).toEqual([]);
    await clean(c);
  });
});

describe("the connection", () => {
  it("lost in the middle of an answer ends that, and carries the words over", async () => {
    const c = await call({}, {}, { history: [{ role: "user", text: "before" }] }, (started) => {
      started.fault({ kind: "cut", after: 11 });
    });
    c.session.sendText("first");
    await c.until(() => c.of("reconnected").length === 1);
    c.session.sendText("second");
    await c.until(() => c.of("response-end").some(({ status }) => status === "completed"));
    expect(c.events.map(({ type }) => type).filter((type) => /response|connect/.test(type))).toEqual([
      "response-start",
      "response-end",
      "reconnecting",
      "reconnected",
      "response-start",
      "response-end",
    ]);
    expect(c.of("reconnected")[0]?.contextKept).toBe(true);
    expect(c.of("response-end")[0]?.status).toBe("cancelled");
    const second = c.standIn.log
      .filter(({ dir, exchange }) => dir === "in" && exchange === 2)
      .map(({ frame }) => frame as Frame);
    const carried = second
      .filter(({ type }) => type === "conversation.item.create")
      .map(({ item }) => (item as { content: { text: string }[] }).content[0]?.text);
    expect(carried).toEqual(["before", "first", "You said ", "second"]);
    await clean(c);
  });

  it("is replaced in a pause before the vendor ends it", async () => {
    const c = await call({}, { maxSessionMs: 60_000 });
    c.session.sendText("hello");
    await c.until(() => c.of("response-end").length === 1);
    await c.clock.advance(60_000);
    await c.until(() => c.of("reconnected").length === 1);
    c.session.sendText("again");
    await c.until(() => c.of("response-end").length === 2);
    expect(c.requests[1]?.body).toMatchObject({
      items: [
        { role: "user", text: "hello" },
        { role: "assistant", text: "You said hello" },
        { role: "user", text: "again" },
      ],
    });
    expect(c.of("error")).toEqual([]);
    await clean(c);
  });

  it("that expires at the vendor is followed by another", async () => {
    const vendor = new VirtualClock();
    const c = await call({ sessionMs: 1_000, clock: vendor });
    await vendor.advance(1_000);
    await c.until(() => c.of("reconnected").length === 1);
    expect(c.of("error")).toEqual([]);
    await clean(c);
  });

  it("that cannot be had again ends the session, once its tries are used up", async () => {
    const c = await call({}, { reconnect: { tries: 2, baseMs: 10, maxMs: 20 } }, {}, (started) => {
      started.fault({ kind: "cut", after: 6 });
      for (let i = 0; i < 2; i++) started.fault({ kind: "status", status: 503 });
    });
    c.session.sendText("hello");
    await c.until(() => c.of("closed").length === 1);
    expect(c.of("reconnecting").map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(c.of("error")).toMatchObject([{ fatal: true, error: { code: "provider_overloaded" } }]);
    expect(c.of("closed")).toEqual([{ type: "closed", reason: "provider_overloaded" }]);
    await clean(c);
  });

  it("refused for its key ends at once, and shows it nowhere", async () => {
    const started = await StandIn.start(openaiRealtimeRoute());
    standIn = started;
    started.fault({ kind: "status", status: 401 });
    const provider = openaiRealtime({ apiKey: "secret-key-123", baseURL: `${started.url}/v1`, logger: silentLogger });
    const error: unknown = await provider
      .connect({}, { signal: new AbortController().signal })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "provider_auth", retryable: false });
    expect(JSON.stringify(error) + String(error)).not.toContain("secret-key-123");
    expect(started.log.filter(({ dir }) => dir === "upgrade").length).toBeLessThanOrEqual(1);
  });
});

it("goes where OPENAI_BASE_URL says, with and without a version, unless it is told an address", async () => {
  const started = await StandIn.start(openaiRealtimeRoute());
  standIn = started;
  const { signal } = new AbortController();
  try {
    for (const [variable, baseURL] of [
      [started.url],
      [`${started.url}/v1`],
      ["http://127.0.0.1:1", started.url],
    ] as const) {
      vi.stubEnv("OPENAI_BASE_URL", variable);
      const session = await openaiRealtime({ apiKey: "key-1234", baseURL, logger: silentLogger }).connect(
        {},
        { signal },
      );
      await session.close();
    }
  } finally {
    vi.unstubAllEnvs();
  }
  expect(started.log.filter(({ dir }) => dir === "upgrade").length).toBe(3);
});

it("refuses options that make no sense", () => {
  const make = (options: OpenAIRealtimeOptions) => () => openaiRealtime({ apiKey: "key-1234", ...options });
  const wrong: OpenAIRealtimeOptions[] = [
    { model: "" },
    { speed: 3 },
    { maxOutputTokens: 0 },
    { baseURL: "ftp://x" },
    { baseURL: "nonsense" },
    { responseTimeoutMs: 0 },
    { codec: { ...mulaw(), name: "opus" } },
  ];
  for (const options of wrong) expect(make(options)).toThrowError(expect.objectContaining({ code: "invalid_option" }));
});
