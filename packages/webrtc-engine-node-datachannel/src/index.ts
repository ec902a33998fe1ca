export { type NodeDataChannelEngine, type NodeDataChannelEngineOptions, nodeDataChannel } from "./engine.ts";
