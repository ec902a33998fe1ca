import type { Clock, Logger } from "@roomkit/core";
import { WeriftEngine, weriftRecipe } from "../engine/werift-engine.ts";
import { LocalMediaHost } from "../host/local-host.ts";
import type { MediaHost } from "../host/media-host.ts";
import { recipeOf } from "../workers/recipe.ts";
import { WorkerMediaHost } from "../workers/worker-host.ts";
import { defaultLimits, type WebRTCTransportOptions } from "./options.ts";

/** Where a transport's media is done, as its options say. @throws RoomKitError `invalid_option` */
export function mediaHost(options: WebRTCTransportOptions, clock: Clock, logger: Logger): MediaHost {
  const { opus, mulaw, inputSampleRate = 16_000, engine, ice, workers, limits } = options;
  const { lagMs, utilization } = { ...defaultLimits, ...limits };
  const busy = { lagMs, utilization };
  const common = { opus, mulaw, inputSampleRate, busy, clock, logger };
  if (!workers) return new LocalMediaHost({ ...common, engine: engine ?? new WeriftEngine({ ...ice, clock, logger }) });
  return new WorkerMediaHost({
    ...common,
    ...workers,
    engine: (index) => (engine ? recipeOf("an engine", engine.recipe?.(index)) : weriftRecipe(ice ?? {}, index)),
  });
}
