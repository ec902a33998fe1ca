import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { AudioFrame } from "@roomkit/core";

/** An HTTP server on a free port of 127.0.0.1, and its address. */
export async function listen(): Promise<{ server: Server; url: string; close: () => Promise<void> }> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** `ms` of a sine. */
export function sine(sampleRate: number, hz: number, ms: number, amplitude = 10_000): Int16Array {
  return Int16Array.from(
    { length: (sampleRate * ms) / 1000 },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / sampleRate),
  );
}

export function frameOf(samples: Int16Array, sampleRate: number): AudioFrame {
  return { samples, sampleRate, channels: 1, timestamp: 0 };
}

/** Amplitude of one frequency in samples (Goertzel), in sample units. */
export function amplitudeAt(samples: Int16Array, sampleRate: number, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / sampleRate);
  let [a, b] = [0, 0];
  for (const sample of samples) [a, b] = [sample + coefficient * a - b, a];
  return (2 * Math.sqrt(Math.max(0, a * a + b * b - coefficient * a * b))) / samples.length;
}

/** The frequency of a tone by its zero crossings, Hz. */
export function pitchOf(samples: Int16Array, sampleRate: number): number {
  let crossings = 0;
  for (let i = 1; i < samples.length; i++)
    if ((samples[i - 1] as number) < 0 && (samples[i] as number) >= 0) crossings++;
  return (crossings * sampleRate) / samples.length;
}

export function join(parts: readonly Int16Array[]): Int16Array {
  const out = new Int16Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Waits until `condition` holds. For tests with real sockets only. */
export async function until(condition: () => boolean, what: string, ms = 20_000): Promise<void> {
  const began = performance.now();
  while (!condition()) {
    const waited = performance.now() - began;
    if (waited > ms) throw new Error(`never came: ${what}`);
    // A packet on loopback is there at once, or it takes a while.
    await new Promise((resolve) => (waited < 10 ? setImmediate(resolve) : setTimeout(resolve, 5)));
  }
}
