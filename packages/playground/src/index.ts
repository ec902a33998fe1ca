export { type Playground, type PlaygroundOptions, playground } from "./playground.ts";
