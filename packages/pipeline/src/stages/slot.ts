import {
  type AudioFormat,
  type AudioFrame,
  RoomKitError,
  type Stage,
  type StageContext,
  type StageFactory,
} from "@roomkit/core";
import { FormatConverter } from "../frames/converter.ts";
import type { StageReports } from "./reports.ts";

/** Kinds of failure told of one stage; one that invents a new code per frame is not listened to for ever. */
const MAX_KINDS = 16;

/** What a stage is opened with. */
export interface SlotOptions {
  /** The format of the path the stage stands in, mono. */
  readonly format: AudioFormat;
  readonly context: StageContext;
  readonly reports: StageReports;
}

/**
 * A stage in its place: fed at the rate it works at, and unable to harm what stands around it. A failure is told once per kind,
 * whatever the stage did not do is left undone.
 */
export class StageSlot<S extends Stage> {
  readonly name: string;
  /** What the stage sees. */
  readonly format: AudioFormat;
  readonly #stage: S;
  readonly #reports: StageReports;
  readonly #kinds = new Set<string>();
  readonly #toStage: FormatConverter | undefined;

  /** @throws whatever keeps the stage from working here; {@link openGuarded} makes a report of that. */
  constructor(factory: StageFactory<S>, { format, context, reports }: SlotOptions) {
    this.name = factory.name;
    this.#reports = reports;
    this.format = { sampleRate: factory.sampleRate ?? format.sampleRate, channels: 1 };
    const same = this.format.sampleRate === format.sampleRate;
    // Before the stage, so that nothing is open should there be no way to its rate.
    this.#toStage = same ? undefined : new FormatConverter(format.sampleRate, this.format);
    this.#stage = factory.open(this.format, { ...context, report: (error) => this.fail(error) });
  }

  /** Opens a stage; undefined, and a report, when it cannot work here. */
  static open<S extends Stage>(factory: StageFactory<S> | undefined, options: SlotOptions): StageSlot<S> | undefined {
    return factory && openGuarded(factory.name, options.reports, () => new StageSlot(factory, options));
  }

  /** The frame of the path as the stage wants it; possibly empty. */
  adapted(frame: AudioFrame): AudioFrame {
    return this.#toStage ? this.#toStage.convert(frame) : frame;
  }

  /** What {@link adapted} still holds back. */
  flushed(): AudioFrame | undefined {
    return this.#toStage?.flush();
  }

  /** Has the stage do something; undefined when it failed. */
  run<T>(action: (stage: S) => T): { readonly value: T } | undefined {
    try {
      return { value: action(this.#stage) };
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** Tells of a failure of the stage, unless one of its kind has been told. */
  fail(cause: unknown): void {
    const error = RoomKitError.from(cause, "stage_failed");
    if (this.#kinds.has(error.code) || this.#kinds.size >= MAX_KINDS) return;
    this.#kinds.add(error.code);
    this.#reports.report(this.name, error);
  }

  reset(): void {
    this.#toStage?.reset();
    this.run((stage) => stage.reset());
  }

  close(): void {
    this.run((stage) => stage.close());
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
