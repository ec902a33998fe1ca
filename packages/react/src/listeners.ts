import type { VoiceClientEvents } from "@roomkit/client";
import type { CallClient } from "./options.ts";

const names = Object.keys({
  state: 0,
  session: 0,
  transcript: 0,
  utterance: 0,
  interrupted: 0,
  dismissed: 0,
  level: 0,
  metrics: 0,
  data: 0,
  error: 0,
  stats: 0,
  muted: 0,
  devices: 0,
  "autoplay-blocked": 0,
} satisfies Record<keyof VoiceClientEvents, 0>) as (keyof VoiceClientEvents)[];

/** An event and what it brought, as one thing to switch on. */
export type Happened = {
  readonly [K in keyof VoiceClientEvents]: { readonly event: K; readonly payload: VoiceClientEvents[K] };
}[keyof VoiceClientEvents];

/** Hears everything a client tells; returns what stops that. */
export function hearAll(client: CallClient, take: (happened: Happened) => void): () => void {
  const stops = names.map((event) => client.on(event, (payload) => take({ event, payload } as Happened)));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Who listens to the calls of a store, whichever client carries them. One that throws harms nobody else. */
export class Listeners {
  readonly #listeners = new Map<keyof VoiceClientEvents, Set<(payload: never) => void>>();

  on<K extends keyof VoiceClientEvents>(event: K, listener: (payload: VoiceClientEvents[K]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit({ event, payload }: Happened): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(payload as never);
      } catch (error) {
        // As an error of the page, which it is.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
