export { tokenAuth } from "@roomkit/backend-ws";
export { RoomKit, RoomKitError, roomPerCaller } from "@roomkit/core";
export { fliteTts } from "@roomkit/provider-flite";
export { moonshineStt } from "@roomkit/provider-moonshine";
export { offlineAI } from "@roomkit/provider-offline";
export { defineTool } from "@roomkit/tools";
export { type VoiceLine, type VoiceOptions, voice } from "./voice.ts";
