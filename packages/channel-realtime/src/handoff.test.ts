import {
  eventText,
  type RealtimeSessionConfig,
  RoomKit,
  RoomKitError,
  sequentialIds,
  silence,
  silentLogger,
} from "@roomkit/core";
import { FakeBackend, FakeConnection, ScriptedRealtime, seededRandom, VirtualClock } from "@roomkit/testing";
import { defineTool, handoffTo, type Tool, type ToolSource } from "@roomkit/tools";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { RealtimeVoiceChannelOptions } from "./options.ts";
import { RealtimeVoiceChannel } from "./realtime-voice-channel.ts";

const look = (name: string): Tool<never> =>
  defineTool({ name, description: "", parameters: { type: "object" }, execute: () => `${name} found` }) as Tool<never>;
const to = (name: string): Tool => handoffTo(name, { description: "When asked." }) as Tool;

/** A caller on a line whose model may be the desk (the channel), billing, or sales. */
async function office(options: Partial<RealtimeVoiceChannelOptions> = {}, midSessionUpdate = true) {
  const clock = new VirtualClock();
  const kit = new RoomKit({ clock, ids: sequentialIds(), logger: silentLogger });
  const transport = new FakeBackend();
  const provider = new ScriptedRealtime({ clock, capabilities: { midSessionUpdate } });
  const channel = new RealtimeVoiceChannel("desk", {
    ...{ provider, transport, voice: "alloy", systemPrompt: "You are the desk." },
    tools: [to("billing"), to("sales"), to("nobody"), look("look")],
    assistants: {
      billing: { systemPrompt: "You are billing.", voice: "echo", tools: [to("desk"), to("sales"), look("bill")] },
      sales: { systemPrompt: "You are sales.", tools: [to("desk"), to("billing")] },
    },
    ...options,
  });
  kit.registerChannel(channel);
  const room = await kit.createRoom();
  await kit.attachChannel(room.id, "desk");
  const connection = new FakeConnection({ clock, id: "client" });
  transport.client(connection);
  const session = await channel.startSession(room.id, "ada", { connection: "client" });
  const remote = provider.sessions[0];
  if (!remote) throw new Error("no session");
  let calls = 0;
  /** The model calls a tool; gives back the call's id. */
  const call = async (name: string, ms = 50): Promise<string> => {
    const id = `c${++calls}`;
    remote.say({ type: "tool-call", id, name, arguments: { reason: "a bill" } });
    await clock.advance(ms);
    return id;
  };
  const pass = (name: string, ms?: number): Promise<string> => call(`hand_over_to_${name}`, ms);
  const result = (id: string): unknown[] | undefined =>
    remote.calls.find(([method, of]) => method === "submitToolResult" && of === id)?.slice(2);
  const updates = (): Partial<RealtimeSessionConfig>[] =>
    remote.calls.flatMap(([method, config]) => (method === "update" ? [config as Partial<RealtimeSessionConfig>] : []));
  const caller = (id: string, text: string): void =>
    remote.say({ type: "transcript", id, role: "user", text, final: true });
  /** The model speaks; its words are over after `ms`. */
  const speak = (id: string, text: string, ms: number): void => {
    remote.say({ type: "response-start", responseId: id });
    for (let at = 0; at < ms; at += 20)
      remote.say({ type: "audio", responseId: id, itemId: id, frame: silence(remote.outbound, 20, at) });
    remote.say({ type: "transcript", id: `t-${id}`, itemId: id, role: "assistant", text, final: true });
    remote.say({ type: "response-end", responseId: id, status: "completed" });
  };
  const told = async (): Promise<string[]> =>
    (await kit.timeline(room.id)).flatMap((event) => {
      const { content, source, metadata } = event;
      if (content.type === "text")
        return [`${source.role === "user" ? "caller" : metadata?.assistant}: ${eventText(event)}`];
      if (content.type !== "system" || content.code !== "handoff") return [];
      return [`${content.data?.from} -> ${content.data?.to}`];
    });
  return { clock, kit, room, connection, session, channel, remote, call, pass, result, updates, caller, speak, told };
}

const names = (config: Partial<RealtimeSessionConfig> | undefined): string[] | undefined =>
  config?.tools?.map(({ name }) => name);
const refused = (code: string) => [expect.stringContaining(`(${code})`), { isError: true }];

it("a tool by Zod: the provider is given its schema, and told what does not fit", async () => {
  const parameters = z.object({ guests: z.int().min(1), day: z.iso.date().transform((day) => new Date(day)) });
  const book = defineTool({
    ...{ name: "book", description: "Books a table.", parameters },
    execute: ({ guests, day }) => `${guests} on the ${day.getUTCDate()}th`,
  });
  const c = await office({ tools: [book] });
  expect(c.remote.config.tools).toMatchObject([
    {
      name: "book",
      parameters: { type: "object", properties: { guests: { type: "integer" }, day: { type: "string" } } },
    },
  ]);
  c.remote.say({ type: "tool-call", id: "z1", name: "book", arguments: { guests: 0, day: "2026-11-29" } });
  c.remote.say({ type: "tool-call", id: "z2", name: "book", arguments: { guests: 4, day: "2026-11-29" } });
  await c.clock.advance(50);
  expect(c.result("z1")).toEqual([expect.stringMatching(/\(invalid_arguments\): guests: /), { isError: true }]);
  expect(c.result("z2")).toEqual(["4 on the 29th", {}]);
});

it("makes the model another assistant, with its prompt, voice and tools, and tells it why", async () => {
  const c = await office();
  c.caller("u1", "My bill is wrong.");
  c.speak("r1", "I will put you through.", 1_000);
  const id = await c.pass("billing");
  expect(c.updates()).toEqual([expect.objectContaining({ instructions: "You are billing.", voice: "echo" })]);
  expect(names(c.updates()[0])).toEqual(["hand_over_to_desk", "hand_over_to_sales", "bill"]);
  expect(c.result(id)).toEqual([expect.stringMatching(/^You are billing now.*desk has handed.*Reason: a bill/), {}]);
  // The change comes before the result, which has the model speak.
  const methods = c.remote.calls.map(([method]) => method);
  expect(methods.indexOf("update")).toBeLessThan(methods.indexOf("submitToolResult"));
  c.speak("r2", "Billing here.", 500);
  await c.clock.advance(10_000);
  expect((await c.told()).toSorted()).toEqual(
    [
      "caller: My bill is wrong.",
      "desk: I will put you through.",
      "desk -> billing",
      "billing: Billing here.",
    ].toSorted(),
  );
  expect((await c.told()).at(-1)).toBe("billing: Billing here.");
  expect(c.result(await c.call("bill"))).toEqual(["bill found", {}]);
  expect(c.result(await c.call("look"))).toEqual([expect.stringContaining("unknown_tool"), { isError: true }]);
});

it("is handed back: the voice is given only where it differs", async () => {
  const c = await office();
  await c.pass("sales");
  await c.pass("billing");
  await c.pass("desk");
  expect(c.updates().map(({ instructions, voice }) => [instructions, voice])).toEqual([
    ["You are sales.", undefined],
    ["You are billing.", "echo"],
    ["You are the desk.", "alloy"],
  ]);
  expect(await c.told()).toEqual(["desk -> sales", "sales -> billing", "billing -> desk"]);
});

it("what the one that hands over still says is its own", async () => {
  const c = await office();
  c.speak("r1", "I will put you through, it takes a moment.", 3_000);
  await c.pass("billing");
  await c.clock.advance(10_000);
  expect(await c.told()).toEqual(["desk -> billing", "desk: I will put you through, it takes a moment."]);
});

describe("is refused, with its code, and the model stays who it is:", () => {
  it("by a provider that cannot change a running session", async () => {
    const c = await office({}, false);
    expect(c.result(await c.pass("billing"))).toEqual(refused("handoff_unsupported"));
    expect([c.updates(), await c.told()]).toEqual([[], []]);
  });

  it("by a provider that does not take the change: what it took is taken back", async () => {
    const c = await office();
    const { update } = c.remote;
    c.remote.update = async (config) => {
      await update.call(c.remote, config);
      if (config.voice === "echo") throw new RoomKitError("bad_voice", "the voice cannot change");
    };
    expect(c.result(await c.pass("billing"))).toEqual(refused("handoff_unsupported"));
    expect(c.updates().at(-1)).toMatchObject({ instructions: "You are the desk.", voice: "alloy" });
    expect(await c.told()).toEqual([]);
    expect(c.result(await c.call("look"))).toEqual(["look found", {}]);
  });

  it("by a provider that does not answer in time", async () => {
    const c = await office();
    c.remote.update = () => new Promise(() => {});
    expect(c.result(await c.pass("billing", 6_000))).toEqual(refused("handoff_unsupported"));
    expect(c.result(await c.pass("nobody", 6_000))).toEqual(refused("handoff_target_gone"));
  });

  it("with another history than the whole: the provider keeps it", async () => {
    const c = await office({ tools: [handoffTo("billing", { description: "", history: "none" }) as Tool] });
    expect(c.result(await c.pass("billing"))).toEqual(refused("handoff_unsupported"));
  });

  it("a second one at once, whichever way", async () => {
    const c = await office();
    const { update } = c.remote;
    c.remote.update = async (config) => {
      await c.clock.sleep(100);
      await update.call(c.remote, config);
    };
    const first = await c.pass("billing", 0);
    const second = await c.pass("sales", 500);
    expect(c.result(second)).toEqual(refused("handoff_not_on_floor"));
    expect(c.result(first)).toEqual([expect.stringMatching(/^You are billing now/), {}]);
    expect(await c.told()).toEqual(["desk -> billing"]);
  });

  it("one too many without a word of the caller", async () => {
    const c = await office({ maxHandoffs: 2 });
    await c.pass("billing");
    await c.pass("desk");
    expect(c.result(await c.pass("billing"))).toEqual(refused("handoff_limit"));
    c.caller("u1", "Well?");
    await c.clock.advance(100);
    expect(c.result(await c.pass("billing"))).toEqual([expect.stringMatching(/^You are billing/), {}]);
  });
});

it("a caller who breaks in while the provider changes talks to the next one", async () => {
  const c = await office();
  const { update } = c.remote;
  c.remote.update = async (config) => {
    await c.clock.sleep(300);
    await update.call(c.remote, config);
  };
  c.speak("r1", "I will put you through, it takes a moment.", 3_000);
  await c.clock.advance(500);
  const id = await c.pass("billing", 100);
  c.remote.say({ type: "speech-start" });
  await c.clock.advance(1_000);
  c.remote.say({ type: "speech-end" });
  c.caller("u1", "Wait.");
  c.speak("r2", "Yes?", 200);
  await c.clock.advance(10_000);
  expect(c.result(id)).toEqual([expect.stringMatching(/^You are billing/), {}]);
  expect((await c.told()).slice(-2)).toEqual(["caller: Wait.", "billing: Yes?"]);
  expect((await c.told()).find((line) => line.startsWith("desk: "))).not.toMatch(/moment\.$/);
});

it("a call that the model takes back before it is its turn is none", async () => {
  const c = await office();
  c.remote.say({ type: "speech-start" });
  c.remote.say({ type: "transcript", id: "u1", role: "user", text: "My", final: false });
  const id = await c.pass("billing", 0);
  c.remote.say({ type: "tool-call-cancelled", ids: [id] });
  c.caller("u1", "My bill, no, wait.");
  await c.clock.advance(10_000);
  expect([c.updates(), c.result(id), await c.told()]).toEqual([[], undefined, ["caller: My bill, no, wait."]]);
});

it("the session ends while the provider changes: nothing is left", async () => {
  const c = await office();
  c.remote.update = (config) => c.clock.sleep(1_000).then(() => void c.remote.calls.push(["update", config]));
  await c.pass("billing", 10);
  await c.channel.endSession(c.session.id);
  await c.clock.advance(20_000);
  expect([c.clock.pendingTimers, c.connection.listeners, c.remote.listeners]).toEqual([0, 0, 0]);
});

describe("tools that come and go", () => {
  const source = () => {
    const listeners = new Set<() => void>();
    const own = {
      tools: [] as readonly Tool[],
      onToolsChanged: (listener: () => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      listeners,
      change: (...tools: readonly Tool<never>[]) => {
        own.tools = tools as readonly Tool[];
        for (const listener of listeners) listener();
      },
    };
    return own satisfies ToolSource;
  };

  it("are told to the provider while it speaks as who has them, and no longer than the session", async () => {
    const tools = source();
    const c = await office({ tools: [to("billing"), tools] });
    tools.change(look("new"));
    await c.clock.advance(10);
    expect(names(c.updates()[0])).toEqual(["hand_over_to_billing", "new"]);
    expect(c.result(await c.call("new"))).toEqual(["new found", {}]);
    await c.pass("billing");
    tools.change(look("newer"));
    await c.clock.advance(10);
    expect(c.updates()).toHaveLength(2);
    await c.pass("desk");
    expect(names(c.updates()[2])).toEqual(["hand_over_to_billing", "newer"]);
    await c.channel.endSession(c.session.id);
    expect(tools.listeners.size).toBe(0);
  });

  it("many changes at once are told once, and then as they are", async () => {
    const tools = source();
    const c = await office({ tools: [tools] });
    for (const name of ["a", "b", "c"]) tools.change(look(name));
    await c.clock.advance(10);
    expect(c.updates().map(names)).toEqual([["a"], ["c"]]);
  });
});

it.each<[string, Partial<RealtimeVoiceChannelOptions>]>([
  ["one of the channel's own name", { assistants: { desk: { systemPrompt: "x" } } }],
  ["one without instructions", { assistants: { other: {} as never } }],
  [
    "a voice that could not be given back",
    { voice: undefined, assistants: { other: { systemPrompt: "x", voice: "y" } } },
  ],
  ["no number of handoffs", { maxHandoffs: 0 }],
])("%s is refused", async (_what, options) => {
  await expect(office(options)).rejects.toMatchObject({ code: "invalid_option" });
});

/** A model hands over at any time, to anybody; the provider is slow, and the caller breaks in. */
async function live(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const c = await office();
  const { update } = c.remote;
  c.remote.update = async (config) => {
    await c.clock.sleep(pick(400));
    if (random() < 0.1) throw new RoomKitError("refused", "no");
    await update.call(c.remote, config);
  };
  const made: string[] = [];
  let said = 0;
  for (let i = 0; i < 25; i++) {
    const what = pick(6);
    if (what === 0) c.caller(`u${++said}`, `word${said}`);
    if (what === 1) c.remote.say({ type: "speech-start" });
    if (what === 2) c.remote.say({ type: "speech-end" });
    if (what === 3) c.speak(`r${i}`, "I say a few words.", 20 * pick(100));
    if (what > 3) made.push(await c.pass(["desk", "billing", "sales", "nobody"][pick(4)] as string, 0));
    if (what === 5) c.remote.say({ type: "tool-call-cancelled", ids: [made[pick(made.length)] as string] });
    await c.clock.advance(pick(800));
  }
  await c.clock.advance(60_000);
  // One after the other, each from where the last one led, at most three without a word of the caller.
  let current = "desk";
  let run = 0;
  for (const line of await c.told()) {
    const [, from, next] = /^(\w+) -> (\w+)$/.exec(line) ?? [];
    if (line.startsWith("caller: ")) run = 0;
    if (from === undefined || next === undefined) continue;
    expect(from).toBe(current);
    expect(["desk", "billing", "sales"]).toContain(next);
    current = next;
    run++;
  }
  expect(run).toBeLessThanOrEqual(3);
  // The provider is told what each call came to, or had taken it back; and is who the log says.
  for (const id of made) {
    const results = c.remote.calls.filter(([method, of]) => method === "submitToolResult" && of === id);
    expect(results.length).toBeLessThanOrEqual(1);
  }
  const newest = c.updates().findLast(({ instructions }) => instructions !== undefined)?.instructions;
  if (newest !== undefined) expect(newest).toContain(current);
  await c.channel.endSession(c.session.id);
  await c.clock.advance(20_000);
  expect([c.clock.pendingTimers, c.connection.listeners, c.remote.listeners]).toEqual([0, 0, 0]);
}

describe("handoffs in any order", () => {
  it.each(Array.from({ length: 20 }, (_, i) => 1 + i))("seed %d", async (seed) => {
    await live(seed);
  });
});
