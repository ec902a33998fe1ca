import { eventText, type RealtimeProvider } from "@roomkit/core";
import { createResampler } from "@roomkit/pipeline";
import { playground } from "@roomkit/playground";
import { geminiLive } from "@roomkit/provider-gemini";
import { openaiRealtime } from "@roomkit/provider-openai";
import { geminiLiveRoute, openaiRealtimeRoute, type ScriptedReply, StandIn } from "@roomkit/provider-standins";
import { describe, expect, it } from "vitest";
import { haveChromium, openBrowser } from "./browser.fixture.ts";
import { serveRealtime } from "./realtime-server.fixture.ts";
import { concat, type Sound, spoken, until } from "./speech.fixture.ts";

const key = "a-key-that-opens-nothing";
/** Where screenshots go, when somebody wants to look at them. */
const pictures = process.env.ROOMKIT_SCREENSHOTS;

/** What the caller says, in this order; the stand-ins know it by that. */
const said = ["What will the weather be?", "Tell me a story.", "Stop it, that was enough."] as const;
const story = `Once upon a time there was ${"a king who had a castle and ".repeat(12)}a dog.`;
const answers: Readonly<Record<string, string>> = {
  [said[0]]: "Sunny in the morning.",
  [said[1]]: story,
  [said[2]]: "Then let us talk of something else.",
};
const script = ({ userText }: { readonly userText: string }): ScriptedReply => ({
  text: (answers[userText] ?? `? ${userText}`).match(/.{1,24}/g) ?? [],
});

const vendors: Readonly<Record<string, (url: string) => RealtimeProvider>> = {
  OpenAI: (url) =>
    openaiRealtime({
      apiKey: key,
      baseURL: `${url}/v1`,
      turnDetection: { type: "server_vad", silenceDurationMs: 600 },
    }),
  Gemini: (url) => geminiLive({ apiKey: key, baseURL: url, activityDetection: { silenceDurationMs: 600 } }),
};

/** The caller's lines, with so much silence between them that each is answered, and the story is in full flow. */
async function microphone(): Promise<Sound> {
  const lines = await Promise.all(said.map(spoken));
  const { sampleRate = 16_000 } = lines[0] ?? {};
  const pause = new Int16Array(4 * sampleRate);
  return { sampleRate, samples: concat(lines.flatMap(({ samples }) => [samples, pause])) };
}

describe.skipIf(!haveChromium)("speech to speech in the page, over the WebSocket", () => {
  it.each(Object.entries(vendors))(
    "with %s: answered aloud, interrupted once, and kept as heard",
    {
      timeout: 120_000,
    },
    async (name, connect) => {
      let heard = 0;
      const model = { script, transcribe: () => said[heard++] ?? "more than was said", pieceMs: 20 };
      const standIn = await StandIn.start(
        name === "OpenAI" ? openaiRealtimeRoute(model) : geminiLiveRoute({ ...model, playsBack: true }),
      );
      const provider = connect(standIn.url);
      const served = await serveRealtime({ provider, channel: { createResampler }, mount: { ui: playground() } });
      const { url, events, log } = served;
      const browser = await openBrowser(await microphone(), 4_000);
      try {
        const { page, loudest, complaints } = await browser.caller(`${url}/voice/ui/`);
        await page.getByRole("button", { name: "Start call" }).click();
        await until("the call", served.called, 20_000);
        await until("the last answer", async () => (await log()).at(-1) === `assistant: ${answers[said[2]]}`, 60_000);
        expect(await loudest()).toBeGreaterThan(-40);

        const cut = (await events()).find((event) => event.heard?.interrupted);
        const told = cut ? eventText(cut) : "";
        const lines = said.flatMap((line) => [`user: ${line}`, `assistant: ${answers[line]}`]);
        lines[3] = `assistant: ${told}`;
        expect(await log()).toEqual(lines);
        expect(story.startsWith(told)).toBe(true);
        expect(told.length).toBeGreaterThan(20);
        // All that the model had said when it was cut off: on a machine that is busy, not all of the story.
        const unheard = cut?.heard?.unheard ?? "";
        expect(unheard).not.toBe("");
        expect(story.startsWith(`${told} ${unheard}`)).toBe(true);

        // The page shows the same, and what was not heard apart from it.
        const shown = page.getByRole("log").locator(".line.bot", { hasText: "Once upon a time" });
        await shown.getByText("interrupted").waitFor({ timeout: 10_000 });
        expect(await shown.textContent()).toContain(told);
        if (pictures) await page.screenshot({ path: `${pictures}/speech-to-speech-${name}.png` });
        await page.getByRole("button", { name: "End", exact: true }).click();
        await page.getByRole("button", { name: "Start another call" }).waitFor();
        await until("the room's end", async () => (await served.roomStatus()) === "closed", 10_000);
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
        await served.close();
        await standIn.close();
      }
    },
  );
});
