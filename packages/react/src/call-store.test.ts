import { VoiceClientError, type VoiceClientOptions } from "@roomkit/client";
import { seededRandom, settle } from "@roomkit/testing";
import { describe, expect, it } from "vitest";
import { CallStore } from "./call-store.ts";
import { FakeClient } from "./fake-client.fixture.ts";

interface Bench {
  readonly store: CallStore;
  readonly clients: FakeClient[];
  readonly options: VoiceClientOptions[];
  readonly states: string[];
  readonly last: FakeClient;
  unmount(): void;
}

function bench(options: Partial<VoiceClientOptions> = {}): Bench {
  const clients: FakeClient[] = [];
  const given: VoiceClientOptions[] = [];
  const states: string[] = [];
  const store = new CallStore({
    url: "/voice",
    ...options,
    createClient: (made) => {
      given.push(made);
      const client = new FakeClient();
      clients.push(client);
      return client;
    },
  });
  store.on("state", ({ state }) => states.push(state));
  const unmount = store.mount();
  return {
    store,
    clients,
    options: given,
    states,
    unmount,
    get last() {
      return clients.at(-1) as FakeClient;
    },
  };
}

const denied = new VoiceClientError("microphone_denied", "no");

/** What one does, what becomes of it, in this order, and what stands at the end. */
const orders: readonly (readonly [
  name: string,
  (b: Bench) => unknown,
  { readonly state: string; readonly clients: number; readonly live: number; readonly error?: string },
])[] = [
  ["start", ({ store }) => void store.actions.start(), { state: "connecting", clients: 1, live: 1 }],
  [
    "start, start, connected, start",
    async (b) => {
      const [first, second] = [b.store.actions.start(), b.store.actions.start()];
      b.last.up();
      await Promise.all([first, second, b.store.actions.start()]);
    },
    { state: "listening", clients: 1, live: 1 },
  ],
  [
    "end before connected",
    async (b) => {
      const started = b.store.actions.start();
      await Promise.all([b.store.actions.end(), started]);
      b.last.up();
    },
    { state: "ended", clients: 1, live: 0 },
  ],
  [
    "end, start, and the first comes to nothing late",
    async (b) => {
      const first = b.store.actions.start();
      const ended = b.store.actions.end();
      void b.store.actions.start();
      b.clients[0]?.fail("connection_failed");
      await Promise.all([first, ended]);
      b.last.up();
    },
    { state: "listening", clients: 2, live: 1 },
  ],
  [
    "end twice, with no call",
    async ({ store }) => Promise.all([store.actions.end(), store.actions.end()]),
    { state: "idle", clients: 0, live: 0 },
  ],
  [
    "unmounted while it connects",
    (b) => {
      void b.store.actions.start();
      b.unmount();
    },
    { state: "ended", clients: 1, live: 0 },
  ],
  [
    "mounted anew at once, as React's strict mode and hot reload do",
    (b) => {
      void b.store.actions.start();
      b.unmount();
      b.store.mount();
      b.last.up();
    },
    { state: "listening", clients: 1, live: 1 },
  ],
  [
    "started by what outlived the page",
    async (b) => {
      b.unmount();
      await settle();
      void b.store.actions.start();
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
    { state: "ended", clients: 1, live: 0 },
  ],
  [
    "fails",
    async (b) => {
      const started = b.store.actions.start();
      b.last.fail("connection_failed");
      await started;
    },
    { state: "ended", clients: 1, live: 0, error: "connection_failed" },
  ],
  [
    "fails, then start",
    async (b) => {
      void b.store.actions.start();
      b.last.fail("connection_failed");
      await settle();
      void b.store.actions.start();
      b.last.up();
    },
    { state: "listening", clients: 2, live: 1 },
  ],
  [
    "fails, and who hears of the end starts at once",
    (b) => {
      let again = true;
      b.store.on("state", ({ state }) => {
        if (state === "ended" && again) void b.store.actions.start();
        again = false;
      });
      void b.store.actions.start();
      again = true;
      b.last.fail("connection_failed");
      b.last.up();
    },
    { state: "listening", clients: 2, live: 1 },
  ],
  [
    "lost in the call",
    (b) => {
      void b.store.actions.start();
      b.last.up();
      b.last.fail("connection_lost");
    },
    { state: "ended", clients: 1, live: 0, error: "connection_lost" },
  ],
  [
    "restart",
    async (b) => {
      void b.store.actions.start();
      b.last.up();
      void b.store.actions.restart({ transport: "webrtc" });
      await settle();
      b.last.up();
    },
    { state: "listening", clients: 2, live: 1 },
  ],
  [
    "restart three times at once",
    async (b) => {
      void b.store.actions.start();
      b.last.up();
      for (let i = 0; i < 3; i++) void b.store.actions.restart();
      await settle();
      b.last.up();
    },
    { state: "listening", clients: 2, live: 1 },
  ],
  [
    "restart, and end before the next is dialled",
    async (b) => {
      void b.store.actions.start();
      b.last.up();
      void b.store.actions.restart();
      void b.store.actions.end();
    },
    { state: "ended", clients: 1, live: 0 },
  ],
  [
    "restart, end, start",
    async (b) => {
      void b.store.actions.start();
      b.last.up();
      void b.store.actions.restart();
      void b.store.actions.end();
      void b.store.actions.start();
      await settle();
      b.last.up();
    },
    { state: "listening", clients: 2, live: 1 },
  ],
  ["restart with no call", ({ store }) => store.actions.restart(), { state: "idle", clients: 0, live: 0 }],
];

describe("a call, in unruly orders", () => {
  it.each(orders)("%s", async (_name, act, { state, clients, live, error }) => {
    const b = bench();
    await act(b);
    await settle();
    expect(b.store.call.get().state).toBe(state);
    expect(b.clients.length).toBe(clients);
    expect(b.clients.filter((client) => client.live).length).toBe(live);
    expect(b.store.call.get().error?.code).toBe(error);
    // Nobody listens to what is over.
    for (const client of b.clients) if (!client.live) expect(client.listeners).toBe(0);
  });

  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    "at random (%d): one call at a most, and none is left",
    async (seed) => {
      const random = seededRandom(seed);
      const b = bench();
      const acts: readonly (() => unknown)[] = [
        () => b.store.actions.start(),
        () => b.store.actions.end(),
        () => b.store.actions.restart(),
        () => b.last?.up(),
        () => b.last?.fail("connection_lost"),
        () => b.clients[Math.floor(random() * b.clients.length)]?.fail("connection_failed"),
        () => (random() < 0.5 ? b.store.actions.mute() : b.store.actions.unmute()),
        () => b.store.choose("input", random() < 0.5 ? "a" : "b"),
        () => b.store.actions.say("hello"),
        () =>
          b.last?.emit("transcript", {
            id: `u${Math.floor(random() * 3)}`,
            role: "user",
            text: "x",
            final: random() < 0.5,
            revision: 0,
          }),
        () => settle(),
      ];
      for (let i = 0; i < 60; i++) {
        const act = acts[Math.floor(random() * acts.length)]?.();
        if (random() < 0.3) await Promise.race([act, settle()]);
        expect(b.clients.filter((client) => client.live).length).toBeLessThanOrEqual(1);
        const { state, active } = b.store.call.get();
        expect(active).toBe(state !== "idle" && state !== "ended");
      }
      b.unmount();
      await settle();
      expect(b.clients.filter((client) => client.live || client.listeners > 0)).toEqual([]);
      expect(["idle", "ended"]).toContain(b.store.call.get().state);
      const open = b.store.script.get().filter((line) => line.kind === "speech" && !line.final);
      expect(open).toEqual([]);
    },
  );
});

describe("a call", () => {
  it("takes its options anew for each connection: the provider's, the call's, the devices chosen", async () => {
    const b = bench({ microphone: { optional: true } });
    await b.store.choose("input", "b");
    void b.store.actions.start({ codec: "mulaw" });
    b.last.up();
    expect(b.options[0]).toEqual({
      url: "/voice",
      codec: "mulaw",
      microphone: { optional: true, deviceId: "b" },
      outputDevice: undefined,
    });
    void b.store.actions.restart({ transport: "webrtc" });
    await settle();
    expect(b.options[1]).toMatchObject({ codec: "mulaw", transport: "webrtc" });
    await b.store.actions.end();
    void b.store.actions.start({ microphone: false });
    expect(b.options[2]).toMatchObject({ microphone: false });
    expect(b.options[2]?.codec).toBeUndefined();
  });

  it("keeps the mute from call to call", async () => {
    const b = bench();
    b.store.actions.mute();
    void b.store.actions.start();
    expect(b.last.muted).toBe(true);
    b.last.up();
    b.store.actions.unmute();
    await b.store.actions.end();
    void b.store.actions.start();
    expect(b.last.muted).toBe(false);
  });

  it("tells its state, and hides the end of a connection that another one replaces", async () => {
    const b = bench();
    void b.store.actions.start();
    b.last.up();
    void b.store.actions.restart();
    await settle();
    b.last.up();
    await b.store.actions.end();
    expect(b.states).toEqual(["connecting", "listening", "connecting", "listening", "ended"]);
  });

  it("tells of a microphone that is not allowed as long as there is none, and tries it again", async () => {
    const b = bench();
    void b.store.actions.start();
    b.last.microphoneError = denied;
    b.last.up();
    await settle();
    expect(b.store.call.get()).toMatchObject({ hasMicrophone: false, error: denied, microphoneError: denied });
    b.store.actions.dismissError();
    await b.store.actions.openMicrophone();
    expect(b.store.call.get()).toMatchObject({ error: denied, microphoneError: denied });
    b.last.microphoneError = undefined;
    await b.store.actions.openMicrophone();
    expect(b.store.call.get()).toMatchObject({ hasMicrophone: true, error: undefined, microphoneError: undefined });
  });

  it("goes back to the device before when another does not work", async () => {
    const b = bench();
    void b.store.actions.start();
    b.last.up();
    await settle();
    expect(b.store.devices.get().inputs.length).toBe(2);
    await b.store.choose("input", "a");
    b.last.microphoneError = new VoiceClientError("microphone_not_found", "gone");
    await b.store.choose("input", "b");
    expect(b.store.devices.get().input).toBe("a");
    expect(b.store.call.get().error?.code).toBe("microphone_not_found");
  });

  it("shows that a device went away in the call, and that another took its place", async () => {
    const b = bench();
    void b.store.actions.start();
    b.last.up();
    await settle();
    const lost = new VoiceClientError("microphone_lost", "unplugged");
    b.last.hasMicrophone = false;
    b.last.emit("error", lost);
    expect(b.store.call.get()).toMatchObject({ hasMicrophone: false, microphoneError: lost });
    b.last.hasMicrophone = true;
    b.last.emit("devices", { inputs: [{ id: "c", label: "Headset" }], outputs: [] });
    expect(b.store.call.get()).toMatchObject({ hasMicrophone: true, microphoneError: undefined, error: undefined });
    expect(b.store.devices.get().inputs).toEqual([{ id: "c", label: "Headset" }]);
  });

  it("has lines of its own for each session, and ends those of the one before", async () => {
    const b = bench();
    void b.store.actions.start();
    b.last.up();
    b.last.emit("transcript", { id: "u1", role: "user", text: "Half", final: false, revision: 3 });
    b.last.emit("session", { id: "t", resumed: false, transport: "fake" });
    b.last.emit("transcript", { id: "u1", role: "user", text: "Anew", final: false, revision: 0 });
    expect(b.store.script.get().map((line) => line.kind === "speech" && [line.text, line.final])).toEqual([
      ["Half", true],
      ["Anew", false],
    ]);
  });

  it("shows what was typed once, also when the server repeats it, and nothing that was not sent", async () => {
    const b = bench();
    expect(b.store.actions.say("too early")).toBe(false);
    void b.store.actions.start();
    expect(b.store.actions.say("still too early")).toBe(false);
    expect(b.store.call.get().error?.code).toBe("not_connected");
    b.last.up();
    expect(b.store.actions.say(" hello ")).toBe(true);
    b.last.emit("transcript", { id: "u1", role: "user", text: "hello", final: true, revision: 0 });
    expect(b.store.script.get().length).toBe(1);
    expect(b.store.script.announcement.get()).toBeUndefined();
  });

  it.each<[string, string[], string[], string[]]>([
    ["with words said before it, which are shown already", ["Paris"], ["Rome"], ["Paris Rome"]],
    ["with words that no guess was shown of", [], ["Rome"], ["Paris Rome"]],
    ["twice", ["Paris"], ["Rome", "now"], ["Paris Rome now"]],
    ["after a noise", ["Um"], ["Rome"], ["Rome"]],
    ["and taken away by a hook", ["Paris"], ["4111"], ["4111", "Paris [card number]"]],
  ])("shows what was typed once as the end of a turn: %s", (_, guesses, typed, expected) => {
    const b = bench();
    void b.store.actions.start();
    b.last.up();
    const turn = (text: string, final: boolean): void =>
      b.last.emit("transcript", { id: "t:1", role: "user", text, final, revision: 0 });
    for (const guess of guesses) turn(guess, false);
    for (const text of typed) b.store.actions.say(text);
    turn(expected.at(-1) as string, true);
    const texts = b.store.script.get().map((line) => line.kind === "speech" && line.text);
    expect(texts.toSorted()).toEqual(expected);
  });

  it("keeps what was typed and answered before", () => {
    const b = bench();
    void b.store.actions.start();
    b.last.up();
    b.store.actions.say("yes");
    b.last.emit("transcript", { id: "t:1", role: "user", text: "yes", final: true, revision: 0 });
    b.last.emit("transcript", { id: "a", role: "assistant", text: "Sure?", final: true, revision: 0 });
    b.last.emit("transcript", { id: "t:2", role: "user", text: "I said yes", final: true, revision: 0 });
    expect(b.store.script.get()).toHaveLength(3);
  });

  it("is told of by listeners that throw without harm to others", async () => {
    const b = bench();
    const thrown: unknown[] = [];
    const keep = (error: unknown): number => thrown.push(error);
    process.on("uncaughtException", keep);
    const others = process.listeners("uncaughtException").filter((listener) => listener !== keep);
    for (const other of others) process.off("uncaughtException", other);
    b.store.on("state", () => {
      throw new Error("mine");
    });
    const heard: string[] = [];
    b.store.on("state", ({ state }) => heard.push(state));
    void b.store.actions.start();
    await settle();
    process.off("uncaughtException", keep);
    for (const other of others) process.on("uncaughtException", other);
    expect(heard).toEqual(["connecting"]);
    expect(thrown.map(String)).toEqual(["Error: mine"]);
  });
});
