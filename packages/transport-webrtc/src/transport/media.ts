import { recipeOf } from "@roomkit/worker-pool";
import { LocalMediaHost } from "../host/local-host.ts";
import type { MediaHost } from "../host/media-host.ts";
import { WorkerMediaHost } from "../workers/worker-host.ts";
import type { WebRTCTransportOptions } from "./options.ts";
import type { TransportSettings } from "./settings.ts";

/** Where a transport's media is done, as its options say. @throws RoomKitError `invalid_option` */
export function mediaHost(options: WebRTCTransportOptions, settings: TransportSettings): MediaHost {
  const { engine, workers } = options;
  const { opus, mulaw, inputSampleRate, limits, clock, logger } = settings;
  const busy = { lagMs: limits.lagMs, utilization: limits.utilization };
  const common = { opus, mulaw, inputSampleRate, busy, clock, logger };
  if (!workers) return new LocalMediaHost({ ...common, engine });
  return new WorkerMediaHost({
    ...common,
    ...workers,
    engine: (index) => recipeOf("an engine", engine.recipe?.(index)),
  });
}
