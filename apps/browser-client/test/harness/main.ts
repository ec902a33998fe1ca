// npm run harness: the page from source, with a server that plays the same conversation to everybody who calls.
import { sourcePage } from "./page-source.ts";
import { ScriptedServer } from "./scripted-server.ts";
import { tell } from "./story.ts";

const server = await ScriptedServer.listen(await sourcePage(), Number(process.env.PORT ?? 5_174));
server.onCall = (call) => {
  // A caller who hangs up ends the story.
  tell(call).catch(() => {});
};
console.log(`Open ${server.url}`);
process.on("SIGINT", () => void server.close().then(() => process.exit(0)));
