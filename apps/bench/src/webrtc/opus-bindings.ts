import type { OpusOptions } from "@roomkit/codec-opus";

/** What Opus is encoded by. */
export type OpusBinding = NonNullable<OpusOptions["binding"]>;

const bindings: readonly OpusBinding[] = ["wasm", "@evan/opus"];

/** Those a comma-separated list names. @throws Error for one that is none */
export function bindingsNamed(names: string): OpusBinding[] {
  return names.split(",").map((name) => {
    const found = bindings.find((each) => each === name);
    if (found) return found;
    throw new Error(`no codec ${name}; there are ${bindings.join(", ")}`);
  });
}
