import type { AddressInfo } from "node:net";
import type { VoiceConnection } from "@roomkit/core";
import { encodeBase64 } from "@roomkit/protocol";
import { expect } from "vitest";
import { Client, type Rig, type RigOptions, startRig, tone, until } from "../rig.fixture.ts";

/** A server with somebody on it who behaves, and must notice nothing of the others. */
export interface Arena {
  readonly rig: Rig;
  readonly port: number;
  /** Sessions of others than the witness. */
  strangers(): number;
  /** Checks that the witness can still speak and hear, then ends everything and checks that nothing is left. */
  end(): Promise<void>;
}

export async function startArena(
  options: RigOptions & { witnessHeaders?: Record<string, string> | undefined } = {},
): Promise<Arena> {
  const rig = await startRig(options);
  const { port } = rig.server.address() as AddressInfo;
  const witness = await Client.open(rig.url, { headers: options.witnessHeaders ?? {} });
  witness.say({ event: "start", websocket_id: "witness" });
  await until(() => rig.ready.length === 1, "the witness's session");
  const { session, connection, heard } = rig.ready[0] as Rig["ready"][number];
  return {
    rig,
    port,
    strangers: () => rig.ready.length - 1,
    async end() {
      expect(witness.closed).toBeUndefined();
      expect(session.state).toBe("active");
      const before = heard.length;
      witness.say({ event: "media", media: { payload: encodeBase64(new Uint8Array(960).fill(0x55)) } });
      await until(() => heard.length === before + 1, "the witness's voice");
      const frames = witness.of("media").length;
      connection.play(`u${frames}`, tone(24_000, 100));
      await until(() => witness.of("media").length === frames + 5, "the witness's audio");
      await rig.close();
      await until(() => rig.backend.counts.sockets === 0, "the end of all sockets");
      expect(rig.backend.counts).toEqual({ sockets: 0, sessions: 0, live: 0, suspended: 0, labels: 0, tokens: 0 });
      // Each session ended once.
      expect(new Set(rig.ended.map((each) => each.session.id)).size).toBe(rig.ended.length);
    },
  };
}

/** A client whose session is live. */
export async function live(
  arena: Arena,
  id: string,
  start: Record<string, unknown> = {},
): Promise<{ client: Client; connection: VoiceConnection; index: number }> {
  const client = await Client.open(arena.rig.url);
  const index = arena.rig.ready.length;
  client.say({ event: "start", websocket_id: id, ...start });
  await until(() => arena.rig.ready.length === index + 1, "a session");
  return { client, connection: (arena.rig.ready[index] as Rig["ready"][number]).connection, index };
}
