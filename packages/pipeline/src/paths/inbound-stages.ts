import {
  type AudioFrame,
  type EchoGuard,
  type FrameStage,
  RoomKitError,
  type Stage,
  type StageControl,
  type StageFactories,
  type StageFactory,
  type StageRole,
  type StageStatus,
  type VadFactory,
} from "@roomkit/core";
import { assertStage, CHANGERS, ROLES } from "../config.ts";
import { EchoSlot } from "../stages/echo-slot.ts";
import { FrameSlot } from "../stages/frame-slot.ts";
import { openGuarded, type SlotOptions, StageSlot } from "../stages/slot.ts";

/** What stands in a place: itself, or with what it needs to change audio. */
type Occupant = StageSlot<Stage> | FrameSlot<FrameStage>;

interface Place {
  /** What stands there when it is on. */
  factory: StageFactory<Stage> | undefined;
  occupant: Occupant | undefined;
  /** Why nothing does. */
  empty: "off" | "native" | "failed";
}

type ListenerOf<R extends StageRole> = StageSlot<ReturnType<StageFactories[R]["open"]>>;

export interface InboundStagesOptions extends SlotOptions {
  /** The factories there are. */
  readonly factories: { readonly [R in StageRole]?: StageFactories[R] | undefined };
  /** Those left out at first, and why: the caller's platform does the same, or they are switched off. */
  readonly without: { readonly native: readonly StageRole[]; readonly off: readonly StageRole[] };
  /** A stage goes; `rest`: what it held back, if it changes audio. */
  readonly onLeft: (role: StageRole, rest: AudioFrame | undefined) => void;
  /** Something else stands in a place now. */
  readonly onSwitched: (role: StageRole) => void;
}

/**
 * The places of the inbound path, and their switches. What is switched while a frame is under way, by a listener for instance, is when
 * that is through.
 *
 * | place is          | `false`           | `true`, a factory                    | the stage fails too often |
 * | ----------------- | ----------------- | ------------------------------------ | ------------------------- |
 * | on                | closed, off       | closed; on, or failed                | closed, failed            |
 * | off, native       | off               | on, or failed                        |                           |
 * | failed            | off               | on, or failed: its failures are past |                           |
 * | not there         | `invalid_option`  | `true`: `invalid_option`; on, failed |                           |
 * | the stream's end  | nothing           | nothing                              | nothing                   |
 */
export class InboundStages implements StageControl {
  readonly #options: InboundStagesOptions;
  readonly #places = new Map<StageRole, Place>();
  readonly #waiting: (() => void)[] = [];
  #changers: readonly FrameSlot<FrameStage>[] = [];
  #echoes: readonly EchoSlot[] = [];
  #busy = false;
  #closed = false;

  constructor(options: InboundStagesOptions) {
    this.#options = options;
    for (const role of ROLES) {
      const factory = options.factories[role];
      if (!factory) continue;
      const { native, off } = options.without;
      const empty = off.includes(role) ? "off" : native.includes(role) ? "native" : "failed";
      this.#places.set(role, { factory, occupant: empty === "failed" ? this.#open(role, factory) : undefined, empty });
    }
    this.#arrange();
  }

  list(): readonly StageStatus[] {
    return ROLES.flatMap((role) => {
      const place = this.#places.get(role);
      return place ? [statusOf(role, place)] : [];
    });
  }

  set<R extends StageRole>(role: R, to: boolean | StageFactories[R]): void {
    if (!ROLES.includes(role)) throw new RoomKitError("invalid_option", `there is no place for a stage "${role}"`);
    if (typeof to === "object") assertStage(role, to);
    else if (typeof to !== "boolean" || !this.#places.has(role))
      throw new RoomKitError("invalid_option", `the stage ${role} is not configured, and ${to} is none`);
    if (this.#closed) return;
    const change = (): void => this.#switch(role, to);
    if (this.#busy) this.#waiting.push(change);
    else this.during(change, undefined);
  }

  /** Takes something, a frame, along the path; what is switched meanwhile is switched afterwards. */
  during<A>(work: (what: A) => void, what: A): void {
    this.#busy = true;
    try {
      work(what);
    } finally {
      this.#busy = false;
    }
    const next = this.#closed ? undefined : this.#waiting.shift();
    if (next) this.during(next, undefined);
    else this.#options.reports.deliver();
  }

  /** The stages that change audio, those there are. */
  get changers(): readonly FrameSlot<FrameStage>[] {
    return this.#changers;
  }

  /** Those of them that want to know what is played. */
  get echoes(): readonly EchoSlot[] {
    return this.#echoes;
  }

  /** What stands in the place of a stage that only listens. */
  listener<R extends "dtmf" | "vad" | "diarization">(role: R): ListenerOf<R> | undefined {
    return this.#places.get(role)?.occupant as ListenerOf<R> | undefined;
  }

  /** How much of the audio before speech the VAD wants, and how late it is to tell of speech. */
  get preRoll(): Pick<VadFactory, "speechPadMs" | "lagMs"> {
    return (this.#places.get("vad")?.factory as StageFactories["vad"] | undefined) ?? { speechPadMs: 0 };
  }

  close(): void {
    this.#closed = true;
    for (const { occupant } of this.#places.values()) if (occupant) slotOf(occupant).close();
  }

  #switch<R extends StageRole>(role: R, to: boolean | StageFactories[R]): void {
    const place = this.#places.get(role) ?? { factory: undefined, occupant: undefined, empty: "off" };
    this.#places.set(role, place);
    const { state } = statusOf(role, place);
    if ((to === true && state === "on") || (to === false && state === "off")) return;
    const { occupant } = place;
    // Closed before it is opened anew, as stages may share something that has room for one of each.
    place.occupant = undefined;
    this.#arrange();
    if (occupant) {
      this.#options.onLeft(role, occupant instanceof FrameSlot ? occupant.flush() : undefined);
      slotOf(occupant).close();
    }
    if (typeof to === "object") place.factory = to;
    place.empty = to === false ? "off" : "failed";
    if (to !== false && place.factory) place.occupant = this.#open(role, place.factory);
    this.#arrange();
    this.#options.onSwitched(role);
    this.#options.reports.change(statusOf(role, place));
  }

  #open(role: StageRole, factory: StageFactory<Stage>): Occupant | undefined {
    const options = this.#options;
    return openGuarded(factory.name, options.reports, () => {
      if (role === "aec" || role === "echoGuard")
        return new EchoSlot(role, factory as StageFactory<EchoGuard>, options);
      if (CHANGERS.includes(role)) return new FrameSlot(role, factory as StageFactory<FrameStage>, options);
      return new StageSlot(role, factory, options);
    });
  }

  #arrange(): void {
    const occupants = CHANGERS.map((role) => this.#places.get(role)?.occupant);
    this.#changers = occupants.filter((occupant) => occupant instanceof FrameSlot);
    this.#echoes = occupants.filter((occupant) => occupant instanceof EchoSlot);
  }
}

const slotOf = (occupant: Occupant): StageSlot<Stage> => (occupant instanceof FrameSlot ? occupant.slot : occupant);

function statusOf(role: StageRole, { factory, occupant, empty }: Place): StageStatus {
  return occupant ? slotOf(occupant).status : { role, name: factory?.name ?? role, state: empty };
}
