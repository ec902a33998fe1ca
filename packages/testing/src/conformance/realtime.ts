import {
  assertOptions,
  frameDurationMs,
  type RealtimeEvent,
  type RealtimeProvider,
  type RealtimeSession,
  type RealtimeSessionConfig,
  RoomKitError,
} from "@roomkit/core";
import { settle } from "../settle.ts";
import { assertTwo, type ConformanceCase, check, checkRejects, until, within } from "./case.ts";
import { closeCases } from "./close.ts";
import type { RealtimeConformanceOptions } from "./realtime-options.ts";
import { addOrderCases } from "./realtime-orders.ts";
import { countedSignal, disturb } from "./realtime-probes.ts";
import { WatchedSession } from "./realtime-watch.ts";

type Body = (provider: RealtimeProvider, tools: CaseTools) => Promise<void>;

interface CaseTools {
  connect(config?: RealtimeSessionConfig): Promise<WatchedSession>;
  /** Waits, while time passes. */
  until(predicate: () => boolean, what: string): Promise<void>;
}

/** What every {@link RealtimeProvider} must do, as one case per requirement. */
export function realtimeConformance(options: RealtimeConformanceOptions): ConformanceCase[] {
  assertOptions("realtimeConformance", options, {
    required: ["create", "prompts"],
    function: ["create", "open", "pass"],
    objects: ["prompts"],
    object: ["speech", "tool"],
    number: ["patienceMs"],
  });
  assertTwo("realtimeConformance", "prompts", options.prompts);
  const { prompts, speech, tool, pass, open, patienceMs = 20_000 } = options;
  const [prompt, other] = prompts;
  const cases: ConformanceCase[] = [];

  const add = (name: string, body: Body): void => {
    cases.push({
      name,
      async run() {
        const provider = await options.create();
        const watched: WatchedSession[] = [];
        let busy = true;
        const time = (async () => {
          while (busy && pass) {
            await pass(10);
            await settle(1);
          }
        })();
        try {
          await body(provider, {
            connect: async (config = {}) => {
              const connecting = provider.connect(config, { signal: new AbortController().signal });
              const session = new WatchedSession(await within(connecting, patienceMs, "connecting"), patienceMs);
              watched.push(session);
              return session;
            },
            until: (predicate, what) => until(predicate, patienceMs, what),
          });
          for (const each of watched) each.checkGrammar();
        } finally {
          await Promise.all(watched.map(({ session }) => within(session.close(), patienceMs, "closing")));
          await provider.close?.();
          busy = false;
          await time;
        }
        for (const each of watched) each.checkGrammar();
        if (open) await until(() => open() === 0, patienceMs, "letting go of its connections");
      },
    });
  };

  add("says truthfully what it is", async (provider, { connect }) => {
    check(provider.name !== "", "the name is empty");
    const { inputSampleRates, outputSampleRates } = provider.capabilities;
    const { session } = await connect();
    check(session.id !== "", "the session has no id");
    check(inputSampleRates.includes(session.inbound.sampleRate), "session.inbound is no rate of the capabilities");
    check(outputSampleRates.includes(session.outbound.sampleRate), "session.outbound is no rate of the capabilities");
    check(!session.responding, "it responds although nobody has asked for anything");
  });

  add("answers what is written to it, in speech and in words", async (_provider, { connect }) => {
    const watched = await connect();
    for (const [i, each] of prompts.entries()) {
      watched.session.sendText(each.text);
      await watched.reaches("response-end", i + 1);
      await watched.until(() => watched.said("assistant").length > 0, "the words of the answer");
      const answer = watched.said("assistant").join(" ");
      check(each.matches(answer), `the answer was ${JSON.stringify(answer)}`);
      check(watched.of("response-end").at(-1)?.status === "completed", "the response was not completed");
      check(!watched.session.responding, "it is still responding after response-end");
      const ms = watched.of("audio").reduce((sum, { frame }) => sum + frameDurationMs(frame), 0);
      check(ms >= 200, `there were only ${ms} ms of speech`);
      watched.events.splice(0, watched.events.length, ...watched.events.filter(({ type }) => type === "response-end"));
    }
  });

  add("gives frames whose clock runs with their audio", async (_provider, { connect }) => {
    const watched = await connect();
    watched.session.sendText(prompt.text);
    await watched.reaches("response-end", 1);
    const items = new Map<string, number>();
    for (const { itemId, frame } of watched.of("audio")) {
      const due = items.get(itemId);
      check(
        due === undefined || Math.abs(frame.timestamp - due) < 1,
        `a frame of an item is at ${frame.timestamp}, not ${due}`,
      );
      items.set(itemId, frame.timestamp + frameDurationMs(frame));
    }
  });

  add("knows the history it begins with, and takes text without answering", async (_provider, { connect }) => {
    const history = [
      { role: "user" as const, text: other.text },
      { role: "assistant" as const, text: "Well." },
    ];
    const watched = await connect({ instructions: "Be brief.", history });
    watched.session.sendText("Remember this.", { respond: false, role: "system" });
    await settle(50);
    check(watched.of("response-start").length === 0, "it answered what it was only told");
    watched.session.sendText(prompt.text);
    await watched.reaches("response-end", 1);
    await watched.until(() => watched.said("assistant").length > 0, "the words of the answer");
    check(prompt.matches(watched.said("assistant").join(" ")), "after a history it answered something else");
  });

  if (speech) {
    add("hears speech, and tells its words before what they caused", async (_provider, { connect }) => {
      const watched = await connect(tool ? { tools: [tool.definition] } : {});
      await watched.speak(speech.frames(watched.session.inbound.sampleRate));
      await watched.reaches("response-end", 1);
      await watched.until(() => watched.said("user").length > 0, "the caller's words");
      await watched.until(() => watched.said("assistant").length > 0, "the words of the answer");
      check(speech.heard(watched.said("user").join(" ")), `it heard ${JSON.stringify(watched.said("user"))}`);
      check(
        speech.answer(watched.said("assistant").join(" ")),
        `it answered ${JSON.stringify(watched.said("assistant"))}`,
      );
      check(watched.of("speech-start").length === 1, "speech-start did not come once");
      const words = watched.events.findIndex((e) => e.type === "transcript" && e.role === "user" && e.final);
      const reply = watched.events.findIndex((e) => e.type === "transcript" && e.role === "assistant");
      check(words < reply, "the answer's words came before the caller's");
    });
  }

  if (tool) addToolCases(add, tool);
  addOrderCases(add, options);

  add("stops at once when it is interrupted", async (_provider, { connect }) => {
    const watched = await connect();
    watched.session.sendText(prompt.text);
    await watched.reaches("audio", 1);
    watched.session.interrupt();
    await watched.reaches("response-end", 1);
    watched.session.sendText(other.text);
    await watched.reaches("response-end", 2);
    const answered = (): boolean => other.matches(watched.said("assistant").join(" "));
    await watched.until(answered, "the words of the answer after an interruption");
  });

  add("takes every command at any time", async (_provider, { connect }) => {
    const watched = await connect();
    const everything = (): void => disturb(watched.session);
    everything();
    watched.session.sendText(prompt.text);
    everything();
    await watched.until(() => watched.of("response-start").length > 0, "a response");
    const heard = watched.of("audio")[0]?.itemId ?? "none";
    watched.session.truncate(heard, 0);
    watched.session.truncate(heard, 1e9);
    watched.session.truncate(heard, Number.NaN);
    everything();
    await watched.until(() => !watched.session.responding, "the end of what was interrupted");
    const before = watched.of("response-end").length;
    watched.session.sendText(other.text);
    await watched.until(() => other.matches(watched.said("assistant").join(" ")), "an answer after all that");
    check(watched.of("response-end").length >= before, "responses vanished");
    await watched.session.close();
    everything();
    check(
      watched.of("error").every(({ fatal }) => !fatal),
      "a harmless command ended the session",
    );
  });

  add("ends once, however often it is closed, and says so last", async (_provider, { connect }) => {
    const watched = await connect();
    watched.session.sendText(prompt.text);
    await watched.until(() => watched.session.responding, "a response");
    await within(Promise.all([watched.session.close(), watched.session.close()]), patienceMs, "closing");
    await within(watched.session.close(), patienceMs, "closing again");
    await settle(20);
    check(watched.of("closed").length === 1, `closed came ${watched.of("closed").length} times`);
    check(watched.events.at(-1)?.type === "closed", "something came after closed");
    check(!watched.session.responding, "a closed session responds");
  });

  add("ends with `aborted` when it is called off before it connects", async (provider) => {
    const connecting = provider.connect({}, { signal: AbortSignal.abort() });
    await checkRejects(connecting, "aborted", patienceMs, "an aborted connect");
  });

  add("lets go of the signal it connected with", async (provider) => {
    const { signal, listeners } = countedSignal();
    const session = await within(provider.connect({}, { signal }), patienceMs, "connecting");
    check(listeners() === 0, `${listeners()} listeners were left on the signal`);
    await session.close();
  });

  add("ends cleanly when it is called off while it connects", async (provider) => {
    const abort = new AbortController();
    const connecting = provider.connect({}, { signal: abort.signal });
    abort.abort();
    await within(
      connecting.then(
        (session) => session.close(),
        (error: unknown) => check(RoomKitError.is(error, "aborted"), `it failed with ${String(error)}`),
      ),
      patienceMs,
      "an aborted connect",
    );
  });

  add("keeps sessions apart", async (_provider, { connect }) => {
    const sessions = await Promise.all([connect(), connect(), connect()]);
    const asked = [prompt, other, prompt];
    for (const [i, { session }] of sessions.entries()) session.sendText(asked[i]?.text ?? "");
    await Promise.all(sessions.map((watched) => watched.reaches("response-end", 1)));
    for (const [i, watched] of sessions.entries()) {
      await watched.until(() => watched.said("assistant").length > 0, "the words of the answer");
      check(asked[i]?.matches(watched.said("assistant").join(" ")) === true, `session ${i} got another one's answer`);
    }
    await sessions[0]?.session.close();
    sessions[1]?.session.sendText(prompt.text);
    await sessions[1]?.reaches("response-end", 2);
  });

  add("does not let a listener that throws disturb it", async (provider) => {
    const session = await within(
      provider.connect({}, { signal: new AbortController().signal }),
      patienceMs,
      "connecting",
    );
    let ended = false;
    session.onEvent((event: RealtimeEvent) => {
      if (event.type === "response-end") ended = true;
      throw new Error("made to throw");
    });
    try {
      session.sendText(prompt.text);
      await until(() => ended, patienceMs, "the response of a session whose listener throws");
    } finally {
      await session.close();
    }
  });

  add("says nothing to a listener that has gone", async (_provider, { connect }) => {
    const watched = await connect();
    const late: RealtimeEvent[] = [];
    const stop = watched.session.onEvent((event) => late.push(event));
    stop();
    stop();
    watched.session.sendText(prompt.text);
    await watched.reaches("response-end", 1);
    check(late.length === 0, "a listener was called after it had gone");
  });

  const connectTo = (provider: RealtimeProvider): Promise<RealtimeSession> =>
    provider.connect({}, { signal: new AbortController().signal });
  const closing = closeCases<RealtimeProvider>({
    create: options.create,
    async begin(provider) {
      const watched = new WatchedSession(await within(connectTo(provider), patienceMs, "connecting"), patienceMs);
      watched.session.sendText(prompt.text);
      await watched.until(() => watched.session.responding, "a response");
      return {
        ended: watched.reaches("closed", 1),
        over: () => watched.of("closed").length > 0,
        async left() {
          watched.session.sendText(other.text);
          await settle(20);
          watched.checkGrammar();
          check(!watched.session.responding, "a session of a closed provider responds");
        },
      };
    },
    async beginning(provider, closed) {
      const watched = new WatchedSession(await connectTo(provider), patienceMs);
      await closed;
      watched.session.sendText(prompt.text);
      await settle(20);
      check(watched.of("response-start").length === 0, "a session came to be that the end of its provider did not end");
    },
    late: connectTo,
    held: options.open,
    patienceMs,
  });
  for (const [name, run] of closing) add(name, run);

  return cases;
}

function addToolCases(
  add: (name: string, body: Body) => void,
  tool: NonNullable<RealtimeConformanceOptions["tool"]>,
): void {
  add("calls a tool, and speaks with its result", async (_provider, { connect }) => {
    const watched = await connect({ tools: [tool.definition] });
    watched.session.sendText(tool.prompt);
    await watched.reaches("tool-call", 1);
    const call = watched.of("tool-call")[0];
    check(call?.name === tool.definition.name, `it called ${call?.name}`);
    check(tool.matches(call?.arguments), `the arguments were ${JSON.stringify(call?.arguments)}`);
    watched.session.submitToolResult(call?.id ?? "", tool.result);
    await watched.until(() => tool.answer(watched.said("assistant").join(" ")), "an answer with the result");
    await watched.until(() => !watched.session.responding, "the end of the answer");
    watched.session.submitToolResult(call?.id ?? "", "again");
    watched.session.submitToolResult("no such call", "never asked");
    await settle(30);
    check(watched.of("tool-call").length === 1, "it called more than once");
    check(watched.of("error").length === 0, `a result led to ${String(watched.of("error")[0]?.error)}`);
  });

  add("is told that a tool failed, and goes on", async (_provider, { connect }) => {
    const watched = await connect({ tools: [tool.definition] });
    watched.session.sendText(tool.prompt);
    await watched.reaches("tool-call", 1);
    const before = watched.said("assistant").length;
    watched.session.submitToolResult(watched.of("tool-call")[0]?.id ?? "", "it is broken", { isError: true });
    await watched.until(() => watched.said("assistant").length > before, "an answer after a failed tool");
  });
}
