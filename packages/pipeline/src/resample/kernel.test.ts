import { readFileSync } from "node:fs";
import { afterEach, expect, it, vi } from "vitest";
import { kernelBytesSource } from "../../scripts/build-kernel.mjs";
import { designFilter } from "./filter.ts";
import { wasmKernel } from "./kernel-wasm.ts";

const filter = designFilter({ up: 1, down: 3 });

afterEach(() => vi.unstubAllGlobals());

it("the bytes are what the source assembles to", async () => {
  expect(readFileSync(new URL("kernel-bytes.ts", import.meta.url), "utf8")).toBe(await kernelBytesSource());
});

it("the filter is symmetric, so that all frequencies are delayed alike", () => {
  for (const ratio of [
    { up: 1, down: 3 },
    { up: 3, down: 2 },
    { up: 160, down: 147 },
  ]) {
    const { up, width, taps, delay } = designFilter(ratio);
    const prototype = Array.from({ length: 2 * delay + 1 }, (_, i) => {
      const row = (i % up) * width;
      return taps[row + width - 1 - Math.floor(i / up)] as number;
    });
    // Not to the last digit: each phase is scaled by itself.
    prototype.forEach((tap, i) => {
      expect(tap).toBeCloseTo(prototype[2 * delay - i] as number, 6);
    });
  }
});

it("WebAssembly that is missing or forbidden is no error", () => {
  vi.stubGlobal("WebAssembly", undefined);
  expect(wasmKernel(filter)).toBeUndefined();
  vi.stubGlobal("WebAssembly", {
    Module: WebAssembly?.Module,
    Memory: class {
      constructor() {
        throw new Error("out of memory");
      }
    },
  });
  expect(wasmKernel(filter)).toBeUndefined();
});
