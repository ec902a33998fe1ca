export { OperatorChannel } from "./operator-channel.ts";
export { type OperatorSessionsOptions, operatorSessions } from "./operator-sessions.ts";
export type { OperatorChannelOptions } from "./options.ts";
export { type OperatorMode, operatorModes } from "./session/operator-call.ts";
