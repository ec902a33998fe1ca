export { type Playground, type PlaygroundOptions, playground } from "./playground.ts";
export { shippedPage } from "./shipped.ts";
