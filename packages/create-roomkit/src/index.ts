export type { Choices, How, Model, Stt, Tts, Where } from "./choices.ts";
export { main, type Surroundings } from "./main.ts";
