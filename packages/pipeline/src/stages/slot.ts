import {
  type AudioFormat,
  type AudioFrame,
  RoomKitError,
  type Stage,
  type StageContext,
  type StageFactory,
  type StageStatus,
} from "@roomkit/core";
import { FormatConverter } from "../frames/converter.ts";
import { StageMeter } from "./meter.ts";
import type { StageReports } from "./reports.ts";

/** Kinds of failure told of one stage; one that invents a new code per frame is not listened to for ever. */
const MAX_KINDS = 16;
/** What is done well makes good for so much of a failure. */
const FORGIVEN = 0.1;

/** What a stage is opened with. */
export interface SlotOptions {
  /** The format of the path the stage stands in, mono. */
  readonly format: AudioFormat;
  readonly context: StageContext;
  readonly reports: StageReports;
  /** A stage that fails so often is taken out: ten frames done well make good for one failure. */
  readonly maxFailures: number;
  /** Whether the stage's work is counted. */
  readonly counts: boolean;
}

/**
 * A stage in its place: fed at the rate it works at, and unable to harm what stands around it. A failure is told once per kind,
 * whatever the stage did not do is left undone. One that fails again and again is closed, and its work left undone from then on.
 */
export class StageSlot<S extends Stage> {
  readonly role: StageStatus["role"];
  readonly name: string;
  /** What the stage sees. */
  readonly format: AudioFormat;
  /** It failed too often, and goes: the last moment at which {@link run} reaches it. */
  onTakenOut: () => void = () => {};
  readonly #stage: S;
  readonly #reports: StageReports;
  readonly #kinds = new Set<string>();
  readonly #toStage: FormatConverter | undefined;
  readonly #maxFailures: number;
  readonly #meter: StageMeter | undefined;
  /** Failures that nothing has made good for. */
  #strikes = 0;
  #leaving = false;
  #failed = false;

  /** @throws whatever keeps the stage from working here; {@link openGuarded} makes a report of that. */
  constructor(role: StageStatus["role"], factory: StageFactory<S>, options: SlotOptions) {
    const { format, context, reports, maxFailures, counts } = options;
    this.role = role;
    this.#maxFailures = maxFailures;
    this.#meter = counts ? new StageMeter() : undefined;
    this.name = factory.name;
    this.#reports = reports;
    this.format = { sampleRate: factory.sampleRate ?? format.sampleRate, channels: 1 };
    const same = this.format.sampleRate === format.sampleRate;
    // Before the stage, so that nothing is open should there be no way to its rate.
    this.#toStage = same ? undefined : new FormatConverter(format.sampleRate, this.format);
    this.#stage = factory.open(this.format, { ...context, report: (error) => this.#strike(this.fail(error)) });
  }

  /** Opens a stage; undefined, and a report, when it cannot work here. */
  static open<S extends Stage>(
    role: StageStatus["role"],
    factory: StageFactory<S> | undefined,
    options: SlotOptions,
  ): StageSlot<S> | undefined {
    return factory && openGuarded(factory.name, options.reports, () => new StageSlot(role, factory, options));
  }

  get status(): StageStatus {
    const { role, name } = this;
    return { role, name, state: this.#failed ? "failed" : "on", counters: this.#meter?.counters };
  }

  /** Whether it was taken out. */
  get failed(): boolean {
    return this.#failed;
  }

  /** The frame of the path as the stage wants it; possibly empty. */
  adapted(frame: AudioFrame): AudioFrame {
    return this.#toStage ? this.#toStage.convert(frame) : frame;
  }

  /** What {@link adapted} still holds back. */
  flushed(): AudioFrame | undefined {
    return this.#toStage?.flush();
  }

  /** Has the stage work on a frame; undefined when it failed, or was taken out. */
  work<T>(frame: AudioFrame, action: (stage: S, frame: AudioFrame) => T): { readonly value: T } | undefined {
    if (this.#failed) return undefined;
    const done = this.#meter?.begin(frame);
    const result = this.run(action, frame);
    done?.(result === undefined);
    if (result) this.#strikes = Math.max(0, this.#strikes - FORGIVEN);
    return result;
  }

  /**
   * Has the stage do something; undefined when it failed, or was taken out. What is done with every frame is given what it is about, so that no
   * function need be made for each.
   */
  run<T>(action: (stage: S) => T): { readonly value: T } | undefined;
  run<T, A>(action: (stage: S, about: A) => T, about: A): { readonly value: T } | undefined;
  run<T, A>(action: (stage: S, about: A) => T, about?: A): { readonly value: T } | undefined {
    if (this.#failed) return undefined;
    try {
      return { value: action(this.#stage, about as A) };
    } catch (error) {
      this.#strike(this.fail(error));
      return undefined;
    }
  }

  /** Tells of a failure of the stage, unless one of its kind has been told. */
  fail(cause: unknown): RoomKitError {
    const error = RoomKitError.from(cause, "stage_failed");
    if (!this.#kinds.has(error.code) && this.#kinds.size < MAX_KINDS) {
      this.#kinds.add(error.code);
      this.#reports.report(this.name, error);
    }
    return error;
  }

  reset(): void {
    this.#toStage?.reset();
    this.run((stage) => stage.reset());
  }

  close(): void {
    this.run((stage) => stage.close());
  }

  #strike(error: RoomKitError): void {
    if (++this.#strikes < this.#maxFailures || this.#leaving) return;
    this.#leaving = true;
    this.onTakenOut();
    this.close();
    this.#failed = true;
    this.#reports.change({ ...this.status, error });
  }
}

/** What `open` gives; undefined, and a report, when it throws. */
export function openGuarded<T>(stage: string, reports: StageReports, open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    reports.report(stage, RoomKitError.from(error, "stage_failed"));
    return undefined;
  }
}
