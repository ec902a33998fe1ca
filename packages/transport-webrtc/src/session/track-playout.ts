import { samplesFor } from "@roomkit/core";
import type { PlayoutMessage } from "@roomkit/protocol";
import { type MediaConnection, type PlayoutFrame, TrackLedger } from "@roomkit/transport-utils";
import type { MediaCall } from "../host/media-host.ts";

/** After a report that cannot be true, so many that can must come before any is believed again. */
const AMENDS = 5;

/** What a client says of the track to it, told to its connection as positions in utterances. */
export class TrackPlayout {
  readonly #connection: Pick<MediaConnection, "report" | "reportCleared" | "distrust">;
  readonly #ledger: TrackLedger;
  #owed = 0;

  constructor(call: MediaCall, connection: Pick<MediaConnection, "report" | "reportCleared" | "distrust">) {
    this.#connection = connection;
    this.#ledger = new TrackLedger(samplesFor(call.outbound, 20));
    call.onPlaced((place) => this.#ledger.placed(place));
  }

  /** The track took a frame. */
  sent({ number, offset }: PlayoutFrame): void {
    this.#ledger.sent(number, offset);
  }

  report(report: PlayoutMessage): void {
    const played = this.#ledger.read(report);
    if (played === undefined) {
      this.#owed = AMENDS;
      this.#connection.distrust();
    } else if (this.#owed > 0) this.#owed--;
    if (played === undefined || this.#owed > 0) return;
    for (const { number, samples } of played) this.#connection.report(number, samples, false);
    if (report.cleared !== undefined) this.#connection.reportCleared(report.cleared);
  }
}
