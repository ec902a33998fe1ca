export { onWorker, type StageWorkerOptions, type WorkerStageFactory } from "./on-worker.ts";
