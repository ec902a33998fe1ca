import type { Server } from "node:http";
import { RoomKit, tokenAuth, voice } from "roomkit";

/** Takes calls at `/voice` of a server; gives the function that ends them. */
export async function takeCalls(server: Server): Promise<() => Promise<void>> {
  const kit = new RoomKit();
  const { HOST, TOKEN } = process.env;
  const line = await voice(kit, {
    server,
    // Model, recogniser and voice are on this machine: ai, stt, tts take others.
    system: "You are on the phone. Answer in one or two short sentences.",
    greeting: "Hello! What can I do for you?",
    // With a HOST others can reach the server: then callers need the TOKEN.
    auth: TOKEN ? tokenAuth({ [TOKEN]: { userId: "caller" } }) : undefined,
    allowAnonymous: !TOKEN && !HOST,
  });
  return async () => {
    await line.close();
    await kit.close();
  };
}
