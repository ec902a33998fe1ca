import { sequentialIds } from "@roomkit/core";
import { type BackendHarness, backendConformance } from "@roomkit/testing";
import { authContext } from "@roomkit/transport-utils";
import { describe, it } from "vitest";
import { speak, start } from "../harness.fixture.ts";
import { until } from "../testing.fixture.ts";
import { SkipClock } from "./skip-clock.fixture.ts";

/** Real peers on loopback, whose offers are handed to the transport by hand. */
async function open(protocol: 1 | undefined): Promise<BackendHarness> {
  const clock = new SkipClock();
  const limits = { factoryTimeoutMs: 10_000, idleTimeoutMs: 25_000, resumeMs: 500 };
  const started = await start({ clock, ids: sequentialIds(), limits });
  const { transport } = started;
  let connections = 0;
  return {
    backend: transport,
    async client({ session, metadata = {} }) {
      const client = started.client();
      const id = `connection_${++connections}`;
      let asked = false;
      const answer = await transport.offer(
        { sdp: await client.offer(), type: "offer", webrtc_id: client.id, ...(protocol && { protocol }) },
        { identity: client.id, address: "127.0.0.1", metadata },
        {
          release: () => {},
          ...(session && {
            sessionFactory: () => {
              asked = true;
              return session();
            },
          }),
        },
      );
      if (!("sdp" in answer)) throw new Error("the offer was refused");
      await client.pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
      await until(() => client.pc.connectionState === "connected" && (asked || !session), "the connection");
      let sent = 0;
      return {
        async speak(frames) {
          await speak(client, frames * 20);
          sent += frames;
          await until(() => (transport.statsOf(id)?.peer.rtpReceived ?? 0) >= sent, "the packets");
          // The jitter buffer waits for what may come late.
          await new Promise((resolve) => setTimeout(resolve, 100));
        },
        get heardMs() {
          return client.packets.length * 20;
        },
        told: client.messages,
        get closed() {
          return client.channel?.readyState === "closed" || client.pc.connectionState === "closed";
        },
        async leave() {
          if (protocol) client.send({ event: "stop" });
          else await client.close();
        },
        vanish: () => client.pc.close(),
      };
    },
    pass: () => new Promise((resolve) => setTimeout(resolve, 5)),
    skip: (ms) => clock.skip(ms),
    held: () => ({ ...transport.held, connections: transport.size, timers: clock.pendingTimers }),
    auth: () => authContext.get(),
    close: () => started.stop(),
  };
}

describe.each([
  ["compat", undefined],
  ["v1", 1],
] as const)("WebRTCTransport with %s clients", (_dialect, protocol) => {
  for (const { name, run } of backendConformance({ open: () => open(protocol), timeoutMs: 20_000 }))
    it(name, run, 60_000);
});
