// Talk to an assistant in the browser: it hears, answers and speaks on this machine, without a key.
//
//   npm run example hello-world        then open the address it prints, and allow the microphone
//
// Try: "What is the capital of France?", and "Stop!" in the middle of a long answer.
import { RoomKit, voice } from "roomkit";

const kit = new RoomKit();
const line = await voice(kit, {
  port: Number(process.env.PORT ?? 8000),
  greeting: "Hello! Ask me for a capital, or what time it is.",
});
console.log(`Open ${line.url} and speak English`);

process.once("SIGTERM", async () => {
  await line.close();
  await kit.close();
});
