import { type AIPart, type AIProvider, type AIRequest, abortedError, type Clock } from "@roomkit/core";

/** One step of a scripted generation: a part, a pause in ms, an error to throw, or silence until it is aborted. */
type Step = AIPart | { readonly wait: number } | { readonly fail: unknown } | "hang";

export type Script = readonly Step[] | ((request: AIRequest) => readonly Step[]);

export const say = (...words: string[]): AIPart[] => words.map((text) => ({ type: "text-delta", text }));
export const call = (name: string, args: unknown, id = `id_${name}`): AIPart => ({
  type: "tool-call",
  id,
  name,
  arguments: args,
});
export const done: AIPart = { type: "finish", reason: "stop" };
export const callsDone: AIPart = { type: "finish", reason: "tool-calls" };

/** A provider that plays its scripts in turn (the last one again and again) and keeps what it was asked. */
export class ScriptedModel implements AIProvider {
  readonly name = "scripted";
  readonly capabilities = { tools: true };
  readonly requests: AIRequest[] = [];
  /** Generations whose iterator is not finished or returned yet. */
  open = 0;
  /** Generations that ended because they were told to. */
  stopped = 0;
  /** Ignores its signal and its return(): a broken vendor. */
  deaf = false;
  readonly #scripts: readonly Script[];
  readonly #clock: Clock;

  constructor(clock: Clock, ...scripts: Script[]) {
    this.#clock = clock;
    this.#scripts = scripts;
  }

  async *generate(request: AIRequest, { signal }: { signal: AbortSignal }): AsyncGenerator<AIPart> {
    this.requests.push(request);
    const script = this.#scripts[Math.min(this.requests.length, this.#scripts.length) - 1] ?? [done];
    this.open++;
    let finished = false;
    try {
      for (const step of typeof script === "function" ? script(request) : script) {
        if (step === "hang" && this.deaf) await new Promise(() => {});
        if (step === "hang") await this.#clock.sleep(1e9, signal);
        else if (typeof step === "object" && "wait" in step) await this.#clock.sleep(step.wait, signal);
        else if (typeof step === "object" && "fail" in step) throw step.fail;
        else if (signal.aborted) throw abortedError(signal);
        else {
          finished = (step as AIPart).type === "finish";
          yield step as AIPart;
        }
      }
      finished = true;
    } finally {
      this.open--;
      if (!finished) this.stopped++;
    }
  }
}
