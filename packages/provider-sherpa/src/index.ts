export { loadSherpa } from "./native/sherpa.ts";
