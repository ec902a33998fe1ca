/**
 * The global scope of an AudioWorklet, as far as it is used here. TypeScript's DOM library describes the page only, so
 * these are declared as values of this module and read from the real global object.
 */
interface WorkletProcessor {
  readonly port: MessagePort;
}

interface WorkletScope {
  readonly sampleRate: number;
  readonly AudioWorkletProcessor: new () => WorkletProcessor;
  registerProcessor(name: string, processor: new (options: never) => WorkletProcessor): void;
}

export const scope: WorkletScope = globalThis as unknown as WorkletScope;
