export { echoGuard } from "./echo-guard.ts";
export type { EchoGuardOptions } from "./options.ts";
