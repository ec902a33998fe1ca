export { type WeriftEngine, type WeriftEngineOptions, werift } from "./engine.ts";
