import { parentPort, workerData } from "node:worker_threads";
import type { WorkerParts } from "./messages.ts";
import { serveMedia } from "./serve.ts";

// The first module of a media worker's thread.
if (parentPort) await serveMedia(parentPort, workerData as WorkerParts);
