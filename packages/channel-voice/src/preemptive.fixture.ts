import type { AIRequest, FrameworkEvents, TurnMetrics } from "@roomkit/core";
import type { AIScript } from "@roomkit/testing";
import { expect } from "vitest";
import { call } from "./voice-call.fixture.ts";

export type Setup = NonNullable<Parameters<typeof call>[0]>;
export type Voice = NonNullable<Setup["voice"]>;

/** The VAD is sure after 500 ms of silence; a turn is answered after 1,500. */
export const WAIT_MS = 1_000;
export const preemptive = { mode: "text" } as const;
export const waiting: Voice = { preemptive, minEndpointMs: 500 + WAIT_MS };
export const newest = ({ messages }: AIRequest): string => messages.at(-1)?.content.split("\n").at(-1) ?? "";
export const echo = (request: AIRequest): AIScript => `You said ${newest(request)}.`;

export async function prepared(setup: Setup = {}) {
  const c = await call({ answers: Array(50).fill(echo), voice: waiting, ...setup });
  const fate: boolean[] = [];
  c.kit.on("reply_prepared", ({ used }: FrameworkEvents["reply_prepared"]) => fate.push(used));
  const spoken: Omit<FrameworkEvents["speech_prepared"], "session">[] = [];
  c.kit.on("speech_prepared", ({ session: _, ...end }: FrameworkEvents["speech_prepared"]) => spoken.push(end));
  const turns: TurnMetrics[] = [];
  c.kit.hook("ON_TURN_METRICS", ({ metrics }) => void turns.push(metrics), { execution: "async" });
  /** What the model was asked so far, by the newest words. */
  const asked = (): string[] => c.model.requests.map(newest);
  /** That nothing of it is left, once the caller is gone. */
  const gone = async (): Promise<void> => {
    await c.kit.leave(c.session);
    await c.clock.advance(20_000);
    expect([c.clock.pendingTimers, c.stt.open, c.tts.open, c.model.open]).toEqual([0, 0, 0, 0]);
  };
  return { ...c, fate, spoken, turns, asked, gone };
}

export const says = (...texts: string[]) => texts.map((text) => ({ finals: [text] }));
