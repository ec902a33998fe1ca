import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sourceFile } from "../measure/source-file.ts";

/** How much echo it can hold, ms: it looks for no delay, so the delay counts. */
const TAIL_MS = 400;

/** What comes out, and processor time in µs for 20 ms. */
interface SpeexEcho {
  readonly out: Int16Array;
  readonly microseconds: number;
}

/** The echo canceller of libspeexdsp, compiled for the occasion. */
export interface Speex {
  cancel(near: Int16Array, far: Int16Array, sampleRate: number): SpeexEcho;
  close(): void;
}

/** Undefined where there is no C compiler or no library to compile with (Debian: `gcc`, `libspeexdsp-dev`). */
export function openSpeex(): Speex | undefined {
  const folder = mkdtempSync(join(tmpdir(), "roomkit-speex-"));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  const source = sourceFile("speex-echo.c", import.meta.url);
  const program = join(folder, "speex-echo");
  try {
    execFileSync("gcc", ["-O2", "-o", program, source, "-lspeexdsp", "-lm"], { stdio: "ignore" });
  } catch {
    close();
    return undefined;
  }
  return {
    close,
    cancel(near, far, sampleRate) {
      const [a, b, out] = ["near", "far", "out"].map((name) => join(folder, name)) as [string, string, string];
      writeFileSync(a, near);
      writeFileSync(b, far);
      const printed = execFileSync(program, [a, b, out, String(sampleRate), String(TAIL_MS)], { encoding: "utf8" });
      const bytes = readFileSync(out);
      const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      return { out: samples, microseconds: Number(printed) };
    },
  };
}
