/**
 * The globals that every JavaScript runtime has (Node, browsers, workers, Deno, Bun), for packages that must run in all of
 * them. Such a package lists this file in its tsconfig instead of the DOM or Node types, so that reaching for anything else
 * is a compile error. Not published: an emitted declaration names `AbortSignal` and gets the reader's own.
 *
 * Keep it to what is really everywhere, and to the members we use. After a change run `npx tsc -b --force`: the incremental
 * build of TypeScript 7.0.2 does not notice that other files depend on the globals of this one.
 */

declare interface Event {
  readonly type: string;
}

declare interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(
    type: "abort",
    listener: (event: Event) => void,
    options?: { once?: boolean; signal?: AbortSignal },
  ): void;
  removeEventListener(type: "abort", listener: (event: Event) => void): void;
}
declare var AbortSignal: {
  abort(reason?: unknown): AbortSignal;
  timeout(ms: number): AbortSignal;
  any(signals: AbortSignal[]): AbortSignal;
};

declare interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare var AbortController: { new (): AbortController };

declare interface DOMException extends Error {
  readonly code: number;
}
declare var DOMException: { new (message?: string, name?: string): DOMException };

/** Opaque: a number in browsers, an object in Node. */
declare interface TimerHandle {
  readonly universalTimer: never;
}
declare function setTimeout(handler: () => void, ms?: number): TimerHandle;
declare function clearTimeout(handle: TimerHandle | undefined): void;
declare function setInterval(handler: () => void, ms?: number): TimerHandle;
declare function clearInterval(handle: TimerHandle | undefined): void;
declare function queueMicrotask(callback: () => void): void;
declare function structuredClone<T>(value: T): T;

declare var performance: { now(): number; readonly timeOrigin: number };

declare var crypto: {
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
  getRandomValues<T extends Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array>(array: T): T;
};

declare var console: {
  debug(...data: unknown[]): void;
  info(...data: unknown[]): void;
  log(...data: unknown[]): void;
  warn(...data: unknown[]): void;
  error(...data: unknown[]): void;
};

declare function atob(data: string): string;
declare function btoa(data: string): string;

declare interface TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}
declare var TextEncoder: { new (): TextEncoder };

declare interface TextDecoder {
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}
declare var TextDecoder: { new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder };

declare interface URLSearchParams extends Iterable<[string, string]> {
  get(name: string): string | null;
  has(name: string): boolean;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  toString(): string;
}
declare var URLSearchParams: { new (init?: string | Record<string, string>): URLSearchParams };

declare interface URL {
  readonly searchParams: URLSearchParams;
  readonly href: string;
  readonly origin: string;
  readonly host: string;
  readonly hostname: string;
  pathname: string;
  protocol: string;
  search: string;
  toString(): string;
}
declare var URL: { new (url: string, base?: string | URL): URL };

/** Of ES modules wherever they run. */
declare interface ImportMeta {
  readonly url: string;
}
