import { parentPort, workerData } from "node:worker_threads";
import { countRooms, type Share } from "./echo-rooms.ts";

parentPort?.postMessage(await countRooms(workerData as Share));
