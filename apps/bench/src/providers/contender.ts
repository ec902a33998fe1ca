import type { AudioFrame } from "@roomkit/core";
import { audioOfText, type Route } from "@roomkit/provider-standins";
import { frameAt } from "../measure/signal.ts";

/** A provider package and its vendor's SDK doing the same over the same stand-in. Each resolves with the first thing of use. */
export interface Contender {
  readonly ours: () => Promise<unknown>;
  readonly bare: () => Promise<unknown>;
  readonly close?: (() => Promise<void>) | undefined;
}

/** A line of the table: another provider is another entry. */
export interface ContenderFactory {
  readonly label: string;
  readonly routes: () => readonly Route[];
  readonly open: (url: string) => Contender;
}

export const apiKey = "bench-key";
export const QUESTION = "How are you?";

export async function firstOf<T>(events: AsyncIterable<T>, wanted: (event: T) => boolean): Promise<T> {
  for await (const event of events) if (wanted(event)) return event;
  throw new Error("the stream ended without what was waited for");
}

/** Audio whose text the stand-ins can read, in 20 ms frames at 16 kHz. */
export async function* spoken(text: string): AsyncGenerator<AudioFrame> {
  const samples = audioOfText(text, 16_000);
  for (let i = 0; i < samples.length / 320; i++) yield frameAt(samples, 16_000, i);
}
