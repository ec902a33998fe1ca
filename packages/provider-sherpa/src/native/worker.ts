import { serveJobs } from "@roomkit/worker-pool";
import { type EngineData, loadEngine } from "./engine.ts";
import { loadSherpa } from "./sherpa.ts";

serveJobs<EngineData, never, unknown>((data) => loadEngine(loadSherpa(), data) as (job: never) => Promise<unknown>);
