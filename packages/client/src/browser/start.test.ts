import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AutoplayGuard } from "./autoplay.ts";
import { MicrophoneInput } from "./microphone-input.ts";

/** A context that starts when the test says so. */
class FakeContext extends EventTarget {
  state: AudioContextState = "suspended";
  resumed = 0;
  become(state: AudioContextState): void {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }
  async resume(): Promise<void> {
    this.resumed++;
  }
  createMediaStreamSource(stream: FakeStream): unknown {
    return { stream, connect: (node: FakeAnalyser) => Object.assign(node, { stream }), disconnect: () => {} };
  }
}

class FakeTrack extends EventTarget {
  muted = false;
  readyState = "live";
  /** What it delivers. */
  level = 0;
  stop(): void {
    this.readyState = "ended";
  }
  end(): void {
    this.stop();
    this.dispatchEvent(new Event("ended"));
  }
  mute(muted: boolean): void {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? "mute" : "unmute"));
  }
}

class FakeStream {
  readonly track = new FakeTrack();
  getTracks(): FakeTrack[] {
    return [this.track];
  }
  getAudioTracks(): FakeTrack[] {
    return [this.track];
  }
}

class FakeAnalyser {
  stream: FakeStream | undefined;
  readonly #context: FakeContext;
  constructor(context: FakeContext) {
    this.#context = context;
  }
  getFloatTimeDomainData(samples: Float32Array): void {
    const track = this.stream?.track;
    samples.fill(this.#context.state === "running" && track?.muted === false ? track.level : 0);
  }
  disconnect(): void {}
}

let context: FakeContext;
let streams: FakeStream[];
/** What the next microphone is like. */
let level: number;
let muted: boolean;
/** What the browser says to an element that wants to play. */
let play: () => Promise<void>;

beforeEach(() => {
  vi.useFakeTimers();
  context = new FakeContext();
  streams = [];
  level = 0.1;
  muted = false;
  play = () => new Promise(() => {});
  vi.stubGlobal("AnalyserNode", FakeAnalyser);
  vi.stubGlobal("AudioWorkletNode", class {});
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("document", new EventTarget());
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("MediaStream", class {});
  vi.stubGlobal(
    "Audio",
    class {
      play = (): Promise<void> => play();
    },
  );
  vi.stubGlobal("navigator", {
    mediaDevices: {
      getUserMedia: async () => {
        const stream = new FakeStream();
        stream.track.level = level;
        stream.track.muted = muted;
        streams.push(stream);
        return stream;
      },
    },
  });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A microphone being opened: what has become of it, and what the person was told. */
function opening(): { input: MicrophoneInput; outcome: () => string; faults: string[] } {
  const faults: string[] = [];
  const input = new MicrophoneInput(context as unknown as AudioContext, ({ code }) => faults.push(code));
  return { input, faults, ...use(input) };
}

function use(input: MicrophoneInput): { outcome: () => string } {
  let outcome = "starting";
  input.use({}).then(
    () => {
      outcome = "delivers";
    },
    ({ code }) => {
      outcome = code;
    },
  );
  return { outcome: () => outcome };
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe("a microphone", () => {
  it("is waited for while its context starts, or the system holds it back, or it gives nothing yet", async () => {
    for (const slow of ["context", "track", "device"]) {
      context = new FakeContext();
      if (slow !== "context") context.state = "running";
      level = slow === "device" ? 0 : 0.1;
      muted = slow === "track";
      const { input, outcome, faults } = opening();
      await pass(1_700);
      const track = streams.at(-1)?.track as FakeTrack;
      expect([outcome(), input.open], slow).toEqual(["starting", false]);
      if (slow === "context") context.become("running");
      if (slow === "track") track.mute(false);
      track.level = 0.1;
      await pass(100);
      expect([outcome(), input.open], slow).toEqual(["delivers", true]);
      await pass(20_000);
      expect(faults).toEqual([]);
      input.close();
    }
  });

  it("that is silent to the last bit is taken after two seconds, and the person told after ten", async () => {
    context.state = "running";
    level = 0;
    const { input, outcome, faults } = opening();
    await pass(1_900);
    expect(outcome()).toBe("starting");
    await pass(200);
    expect(outcome()).toBe("delivers");
    await pass(7_500);
    expect(faults).toEqual([]);
    await pass(1_000);
    expect(faults).toEqual(["microphone_silent"]);
    input.close();
  });

  it.each([
    ["muted", "microphone_muted"],
    ["not running", "microphone_silent"],
  ])("that is %s is not waited for longer than five seconds, and the person is told", async (why, code) => {
    muted = why === "muted";
    if (muted) context.state = "running";
    const { input, outcome, faults } = opening();
    await pass(4_900);
    expect([outcome(), faults]).toEqual(["starting", []]);
    await pass(200);
    expect([outcome(), faults]).toEqual(["delivers", [code]]);
    input.close();
  });

  it("that the system mutes in the call is told of once, unless it was only for a moment", async () => {
    context.state = "running";
    const { input, faults } = opening();
    await pass(100);
    const track = streams[0]?.track as FakeTrack;
    track.mute(true);
    await pass(900);
    track.mute(false);
    await pass(5_000);
    expect(faults).toEqual([]);
    track.mute(true);
    await pass(5_000);
    expect(faults).toEqual(["microphone_muted"]);
    track.mute(false);
    input.close();
  });

  it("is kept until the one that replaces it delivers", async () => {
    context.state = "running";
    const { input } = opening();
    await pass(100);
    level = 0;
    const second = use(input);
    await pass(1_000);
    expect([streams[0]?.track.readyState, second.outcome()]).toEqual(["live", "starting"]);
    (streams[1] as FakeStream).track.level = 0.1;
    await pass(100);
    expect([streams[0]?.track.readyState, second.outcome()]).toEqual(["ended", "delivers"]);
    input.close();
    expect(streams.map(({ track }) => track.readyState)).toEqual(["ended", "ended"]);
  });

  it.each([
    ["another is chosen", "aborted"],
    ["it is unplugged", "microphone_lost"],
    ["the call ends", "aborted"],
  ])("lets go while it starts when %s", async (what, code) => {
    context.state = "running";
    level = 0;
    const { input, outcome, faults } = opening();
    await pass(500);
    level = 0.1;
    if (what === "another is chosen") use(input);
    if (what === "it is unplugged") streams[0]?.track.end();
    if (what === "the call ends") input.close();
    await pass(100);
    expect([outcome(), streams[0]?.track.readyState, faults]).toEqual([code, "ended", []]);
    input.close();
    await pass(20_000);
    expect(streams.every(({ track }) => track.readyState === "ended")).toBe(true);
  });

  it("that was chosen last is the one, whichever the browser opens first", async () => {
    context.state = "running";
    const opened: (() => void)[] = [];
    const real = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = async () => {
      await new Promise<void>((resolve) => opened.push(resolve));
      return await real();
    };
    const { input, outcome } = opening();
    const second = use(input);
    opened[1]?.();
    await pass(100);
    opened[0]?.();
    await pass(100);
    expect([outcome(), second.outcome()]).toEqual(["aborted", "delivers"]);
    expect(streams.map(({ track }) => track.readyState)).toEqual(["live", "ended"]);
    input.close();
  });
});

describe("a page's sound", () => {
  const refuse = (name: string) => (): Promise<void> => Promise.reject(new DOMException("no", name));

  function guard(): { guard: AutoplayGuard; told: boolean[] } {
    const told: boolean[] = [];
    return { told, guard: new AutoplayGuard(context as unknown as AudioContext, (blocked) => told.push(blocked)) };
  }

  it("is not held back by a device that takes its time", async () => {
    for (const answer of [play, async () => {}, refuse("NotSupportedError"), refuse("AbortError")]) {
      context = new FakeContext();
      play = answer;
      const one = guard();
      await pass(5_000);
      context.become("running");
      await pass(5_000);
      expect(one.told).toEqual([]);
      one.guard.close();
    }
  });

  it("is held back when the browser says so, until it plays", async () => {
    play = refuse("NotAllowedError");
    const one = guard();
    await pass(299);
    expect(one.told).toEqual([]);
    await pass(1);
    expect(one.told).toEqual([true]);
    context.become("running");
    expect(one.told).toEqual([true, false]);
    one.guard.close();
  });

  it("is held back when it ran and was stopped, but not by a moment", async () => {
    context.state = "running";
    const one = guard();
    context.become("suspended");
    await pass(200);
    context.become("running");
    await pass(1_000);
    expect(one.told).toEqual([]);
    context.become("interrupted" as AudioContextState);
    await pass(300);
    expect(one.told).toEqual([true]);
    one.guard.close();
  });

  it("says nothing after its end, nor for an answer that came too late", async () => {
    let answer = (): void => {};
    play = () =>
      new Promise((_resolve, reject) => {
        answer = () => reject(new DOMException("no", "NotAllowedError"));
      });
    const closed = guard();
    await pass(350);
    closed.guard.close();
    answer();
    await pass(1_000);
    expect(closed.told).toEqual([]);
    const late = guard();
    await pass(350);
    context.become("running");
    answer();
    await pass(1_000);
    expect(late.told).toEqual([]);
    late.guard.close();
  });
});
