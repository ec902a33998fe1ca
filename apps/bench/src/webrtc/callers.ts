import { serve } from "../measure/child.ts";
import { Caller } from "./caller.ts";
import type { CallerAnswer, CallerRequest } from "./messages.ts";
import { Speakers } from "./speakers.ts";

let speakers: Speakers | undefined;

serve(async (request: CallerRequest): Promise<CallerAnswer> => {
  if (request.type === "connect") return await connect(request);
  if (request.type === "measure") return (await speakers?.listen(request.ms)) ?? {};
  speakers?.close();
  speakers = undefined;
  return {};
});

/** Connects one caller after another; then all begin to speak. */
async function connect(request: Extract<CallerRequest, { type: "connect" }>): Promise<CallerAnswer> {
  const { sessions, warmMs } = request;
  const opened = await Speakers.open();
  speakers = opened;
  const callers: Caller[] = [];
  const connectMs: number[] = [];
  let attempts = 0;
  try {
    while (callers.length < sessions) {
      const caller = new Caller(`caller-${attempts++}`);
      try {
        connectMs.push(await caller.connect(request));
        callers.push(caller);
      } catch (error) {
        caller.close();
        if (attempts >= 2 * sessions + 2) throw error;
      }
    }
  } finally {
    for (const [i, caller] of callers.entries()) opened.add(caller, i / callers.length);
  }
  await new Promise((resolve) => setTimeout(resolve, warmMs));
  return { connectMs, attempts };
}
