export { NodeDataChannelEngine, type NodeDataChannelEngineOptions } from "./engine.ts";
