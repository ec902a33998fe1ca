/** A value that follows the asynchronous calls made while `work` runs. */
export interface AsyncScope<T> {
  run<R>(value: T | undefined, work: () => R): R;
  get(): T | undefined;
}

interface Storage<T> {
  run<R>(value: T | undefined, work: () => R): R;
  getStore(): T | undefined;
}

interface Platform {
  readonly process?: { getBuiltinModule?(name: string): unknown } | undefined;
}

/**
 * The platform's own (AsyncLocalStorage in Node, Deno and Bun), asked for by name at run time so that core needs nothing
 * that a browser lacks. There it carries nothing: a caller that waits for itself is then ended by its timeout alone.
 * It costs about 0.1 us per await on Node 20, next to nothing on Node 24.
 */
export function asyncScope<T>(platform: Platform = globalThis as Platform): AsyncScope<T> {
  const hooks = platform.process?.getBuiltinModule?.("node:async_hooks") as
    | { AsyncLocalStorage?: (new () => Storage<T>) | undefined }
    | undefined;
  if (!hooks?.AsyncLocalStorage) return { run: (_value, work) => work(), get: () => undefined };
  const storage = new hooks.AsyncLocalStorage();
  return { run: (value, work) => storage.run(value, work), get: () => storage.getStore() };
}
