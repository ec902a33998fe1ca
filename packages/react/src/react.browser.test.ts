import { act, createElement as h, Profiler, type ReactElement, StrictMode, useEffect, useState } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { renderToString } from "react-dom/server.browser";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { page } from "vitest/browser";
import { FakeClient } from "./fake-client.fixture.ts";
import { CallButton, type CallSetup, useLevels, useVoiceCall, useVoiceEvent, VoiceCall } from "./index.ts";
import { wholePage } from "./page.fixture.ts";

let clients: FakeClient[] = [];
let root: Root | undefined;
let place: HTMLElement;
const setup: CallSetup = {
  url: "/voice",
  createClient: () => {
    const client = new FakeClient();
    clients.push(client);
    return client;
  },
};
const last = (): FakeClient => clients.findLast((client) => client.log.includes("connect")) as FakeClient;
const live = (): number => clients.filter((client) => client.live).length;

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

beforeEach(() => {
  clients = [];
  place = document.body.appendChild(document.createElement("main"));
});

afterEach(async () => {
  await act(async () => root?.unmount());
  root = undefined;
  place.remove();
  expect(live()).toBe(0);
});

async function show(element: ReactElement): Promise<void> {
  root ??= createRoot(place);
  await act(async () => root?.render(element));
}

const press = (name: string): Promise<void> =>
  act(async () => (page.getByRole("button", { name, exact: true }).element() as HTMLElement).click());

/** Calls as soon as it is on the page, and does not hang up. */
function Eager({ end = false }: { readonly end?: boolean }): null {
  const { start, end: hangUp } = useVoiceCall();
  useEffect(() => {
    void start();
    return end ? () => void hangUp() : undefined;
  }, [start, hangUp, end]);
  return null;
}

function Problem(): ReactElement {
  return h("p", { "aria-label": "problem" }, useVoiceCall().error?.code);
}

function Level(): ReactElement {
  return h("output", null, useLevels().input);
}

function Hears({ as, heard }: { readonly as: string; readonly heard: string[] }): null {
  useVoiceEvent("data", ({ name }) => heard.push(`${as} ${name}`));
  return null;
}

function Hearing({ heard }: { readonly heard: string[] }): ReactElement {
  const [as, setAs] = useState("first");
  const next = h("button", { type: "button", onClick: () => setAs("second") }, "Next");
  return h(VoiceCall, setup, h(Eager), h(Hears, { as, heard }), next);
}

describe("the parts", () => {
  it("start a call, show it, and end it, by their names", async () => {
    await show(h(StrictMode, null, wholePage(setup)));
    await press("Start call");
    await page.getByRole("button", { name: "Cancel" }).findElement();
    await act(async () => last().up());
    await act(async () => last().become("speaking"));
    await press("Interrupt");
    await press("Mute");
    expect(last().log).toContain("interrupt");
    expect(page.getByRole("button", { name: "Mute" }).element().getAttribute("aria-pressed")).toBe("true");
    await act(async () => {
      last().emit("transcript", { id: "u1", role: "user", text: "Hello", final: true, revision: 0 });
      last().emit("transcript", {
        id: "a1",
        role: "assistant",
        text: "One two",
        heard: "One",
        final: true,
        revision: 0,
      });
      last().emit("stats", { transport: "fake", sentFrames: 1, droppedFrames: 0, roundTripMs: 30 });
    });
    const log = page.getByRole("log", { name: "Transcript" }).element();
    expect([...log.querySelectorAll("li")].map((line) => line.textContent)).toEqual([
      "You Hello",
      "Assistant One Not heard:  two",
    ]);
    expect(document.querySelector("p[aria-live=polite]")?.textContent).toBe("Assistant: One");
    expect(page.getByRole("status").element().textContent).toBe("Good connection");
    const microphones = page.getByLabelText("Microphone", { exact: true }).element() as HTMLSelectElement;
    expect([...microphones.options].map(({ text }) => text)).toEqual(["System default", "Built in", "Microphone 2"]);
    microphones.value = "b";
    await act(async () => microphones.dispatchEvent(new Event("change", { bubbles: true })));
    expect(last().log).toContain("input b");
    await act(async () => last().emit("devices", { inputs: [], outputs: [] }));
    expect(microphones.selectedOptions[0]?.text).toBe("Not connected");
    await press("End call");
    await page.getByRole("button", { name: "Start call" }).findElement();
    expect(live()).toBe(0);
  });

  it("take a double click for one", async () => {
    await show(wholePage(setup));
    const button = page.getByRole("button", { name: "Start call" });
    await act(async () => button.dblClick());
    expect([clients.filter(({ log }) => log.includes("connect")).length, live()]).toEqual([1, 1]);
  });

  it("let the page's own handler prevent what they do", async () => {
    await show(h(VoiceCall, setup, h(CallButton, { onClick: (event) => event.preventDefault() }, "Call us")));
    await press("Call us");
    expect(clients.length).toBe(0);
  });
});

describe("a provider", () => {
  it.each([false, true])("makes one call in strict mode, also from an effect (that ends it: %s)", async (end) => {
    await show(h(StrictMode, null, wholePage(setup, h(Eager, { end }))));
    await vi.waitFor(() => expect(live()).toBe(1));
    // The one that is left is the one that is shown.
    await act(async () => last().up());
    await page.getByRole("button", { name: "End call" }).findElement();
    for (const client of clients) if (!client.live) expect(client.listeners).toBe(0);
  });

  it("ends the call, or the attempt, when it leaves the page", async () => {
    await show(h(StrictMode, null, wholePage(setup)));
    await press("Start call");
    await show(h(StrictMode));
    await vi.waitFor(() => expect(live()).toBe(0));
    expect(last().log).toContain("disconnect");
    expect(last().listeners).toBe(0);
  });

  it("keeps the call when what is below or above it is rendered anew, as hot reload does", async () => {
    await show(wholePage({ ...setup, codec: "pcm16" }));
    await press("Start call");
    await act(async () => last().up());
    await show(wholePage({ ...setup, codec: "mulaw" }, h(Eager)));
    expect([live(), clients.filter(({ log }) => log.includes("connect")).length]).toEqual([1, 1]);
  });

  it("takes over what a server rendered, without a word on the console", async () => {
    const complained = vi.spyOn(console, "error");
    place.innerHTML = renderToString(wholePage(setup));
    await act(async () => {
      root = hydrateRoot(place, wholePage(setup));
    });
    await press("Start call");
    await act(async () => last().up());
    await page.getByRole("button", { name: "End call" }).findElement();
    expect(complained.mock.calls).toEqual([]);
    complained.mockRestore();
  });

  it("gives an error back as a state, which the next call clears", async () => {
    const shown = (): string | null => page.getByLabelText("problem").element().textContent;
    await show(wholePage(setup, h(Problem)));
    await press("Start call");
    await act(async () => last().fail("connection_failed"));
    expect(shown()).toBe("connection_failed");
    await vi.waitFor(async () => {
      await press("Start call");
      expect(shown()).toBe("");
    });
  });
});

describe("levels", () => {
  it("come at most once a frame, however many there are", async () => {
    let renders = 0;
    let others = 0;
    const count = (onRender: () => void, shown: ReactElement): ReactElement =>
      h(Profiler, { id: "x", onRender }, shown);
    await show(
      h(
        VoiceCall,
        setup,
        count(() => others++, h(CallButton)),
        count(() => renders++, h(Level)),
        count(() => others++, h(Problem)),
      ),
    );
    await press("Start call");
    await act(async () => last().up());
    const before = [renders, others];
    const frame = (): Promise<void> =>
      act(() => new Promise<void>((resolve) => requestAnimationFrame(() => resolve())));
    for (let i = 0; i < 1_000; i++) last().emit("level", { input: -i / 100, output: -60, muted: false });
    await frame();
    expect([renders - (before[0] as number), others - (before[1] as number)]).toEqual([1, 0]);
    expect(page.getByRole("status").element().textContent).toBe("-9.99");
  });
});

it("gives events to the newest handler, of every call", async () => {
  const heard: string[] = [];
  await show(h(Hearing, { heard }));
  await act(async () => last().up());
  last().emit("data", { name: "a", payload: 1 });
  await press("Next");
  last().emit("data", { name: "b", payload: 1 });
  await act(async () => last().fail("connection_lost"));
  expect(heard).toEqual(["first a", "second b"]);
});
