export { energyVad } from "./energy-vad.ts";
export type { EnergyVadOptions } from "./options.ts";
