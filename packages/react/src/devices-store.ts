import type { AudioDevices } from "@roomkit/client";
import { Cell } from "./cell.ts";
import type { CallSetup } from "./options.ts";
import type { DevicesSnapshot } from "./snapshots.ts";

/** Microphones and speakers: those there are, and those that are chosen. */
export class DevicesStore extends Cell<DevicesSnapshot> {
  readonly #list: () => Promise<AudioDevices>;

  /** @param list gives those there are. */
  constructor({ microphone, outputDevice }: CallSetup, list: () => Promise<AudioDevices>) {
    super({ inputs: [], outputs: [], input: (microphone || undefined)?.deviceId ?? "", output: outputDevice ?? "" });
    this.#list = list;
  }

  found(devices: AudioDevices): void {
    this.set({ ...this.get(), ...devices });
  }

  choose(which: "input" | "output", id: string): void {
    this.set({ ...this.get(), [which]: id });
  }

  async refresh(): Promise<void> {
    try {
      this.found(await this.#list());
    } catch {
      // Wrong options are told of when somebody calls.
    }
  }

  /** Keeps the list as long as somebody looks at it; returns what stops that. */
  watch(): () => void {
    const media = navigator.mediaDevices as MediaDevices | undefined;
    const refresh = (): void => void this.refresh();
    refresh();
    media?.addEventListener("devicechange", refresh);
    return () => media?.removeEventListener("devicechange", refresh);
  }

  /** The setup of a call, with the devices that are chosen. */
  applied(setup: CallSetup): CallSetup {
    const { input, output } = this.get();
    const { microphone } = setup;
    return {
      ...setup,
      outputDevice: output || undefined,
      microphone: microphone !== false && { ...microphone, deviceId: input || undefined },
    };
  }
}
