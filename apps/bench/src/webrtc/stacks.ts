import { silentLogger, type WebRTCEngine } from "@roomkit/core";
import { nodeDataChannel } from "@roomkit/webrtc-engine-node-datachannel";
import { werift } from "@roomkit/webrtc-engine-werift";
import { bareNodeDataChannel } from "./bare-node-datachannel.ts";
import { bareWerift } from "./bare-werift.ts";
import type { EchoServer } from "./echo-server.ts";
import type { OpusBinding } from "./opus-bindings.ts";

/** A WebRTC library: as the engine of ours, and with nothing around it. */
export interface Stack {
  readonly name: string;
  engine(): WebRTCEngine;
  bare(codec: OpusBinding): Promise<EchoServer>;
}

export const stacks: readonly Stack[] = [
  {
    name: "werift",
    engine: () => werift({ listenAddresses: ["127.0.0.1"], logger: silentLogger }),
    bare: bareWerift,
  },
  {
    name: "node-datachannel",
    engine: () => nodeDataChannel({ listenAddress: "127.0.0.1", logger: silentLogger }),
    bare: bareNodeDataChannel,
  },
];

/** The stacks a comma-separated list names. @throws Error for one that is none. */
export function stacksNamed(names: string): Stack[] {
  return names.split(",").map((name) => {
    const stack = stacks.find((each) => each.name === name);
    if (stack) return stack;
    throw new Error(`no engine ${name}; there are ${stacks.map((each) => each.name).join(", ")}`);
  });
}
