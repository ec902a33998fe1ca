import type { WireError } from "./wire-error.ts";

/** What the pool tells a worker. */
export type ToWorker =
  | { readonly type: "start"; readonly data: unknown }
  | { readonly type: "job"; readonly id: number; readonly job: unknown }
  | { readonly type: "cancel"; readonly id: number };

/** What a worker tells the pool. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly error: WireError }
  | { readonly type: "result"; readonly id: number; readonly result: unknown }
  | { readonly type: "error"; readonly id: number; readonly error: WireError };
