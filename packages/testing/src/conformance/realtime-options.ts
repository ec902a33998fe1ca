import type { AudioFrame, RealtimeProvider, ToolDefinition } from "@roomkit/core";

export interface RealtimeConformanceOptions {
  /** Makes the provider of one case; the case closes it. */
  readonly create: () => RealtimeProvider | Promise<RealtimeProvider>;
  /** Two things to write that are answered in speech, differently, for at least 200 ms. */
  readonly prompts: readonly [RealtimePrompt, RealtimePrompt];
  /** Speech (with the silence that ends it) at a rate, and what is heard in it; absent where turns are not found in audio. */
  readonly speech?:
    | {
        readonly frames: (sampleRate: number) => readonly AudioFrame[];
        readonly heard: (text: string) => boolean;
        readonly answer: (text: string) => boolean;
      }
    | undefined;
  /** What makes it call a tool. */
  readonly tool?:
    | {
        readonly definition: ToolDefinition;
        readonly prompt: string;
        readonly matches: (args: unknown) => boolean;
        readonly result: string;
        /** Whether an answer knows the result. */
        readonly answer: (text: string) => boolean;
      }
    | undefined;
  /** Moves time where it is not real. */
  readonly pass?: ((ms: number) => Promise<void>) | undefined;
  /** Connections and the like that are open, for the checks that nothing leaks. */
  readonly open?: (() => number) | undefined;
  /** How long any single wait may take, in ms of real time. Default 20,000. */
  readonly patienceMs?: number | undefined;
}

export interface RealtimePrompt {
  readonly text: string;
  /** Holds for an answer to this prompt and not for one to the other. */
  readonly matches: (answer: string) => boolean;
}
