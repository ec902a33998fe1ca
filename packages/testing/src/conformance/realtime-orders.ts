import type { RealtimeSessionConfig } from "@roomkit/core";
import { settle } from "../settle.ts";
import { check } from "./case.ts";
import type { RealtimeConformanceOptions } from "./realtime-options.ts";
import type { WatchedSession } from "./realtime-watch.ts";

type Body = (
  provider: unknown,
  tools: { connect(config?: RealtimeSessionConfig): Promise<WatchedSession> },
) => Promise<void>;

/** What every provider must make of requests that meet: in whichever order, the last is answered and nothing is left waiting. */
export function addOrderCases(
  add: (name: string, body: Body) => void,
  { prompts: [prompt, other], tool }: Pick<RealtimeConformanceOptions, "prompts" | "tool">,
): void {
  const quiet = async (watched: WatchedSession): Promise<void> => {
    await watched.until(() => !watched.session.responding, "the end of what was asked");
    await settle(30);
    await watched.until(() => !watched.session.responding, "the end of what was asked");
  };

  add("answers texts that come in a row", async (_provider, { connect }) => {
    const watched = await connect();
    watched.session.sendText(prompt.text);
    watched.session.sendText(other.text);
    await watched.until(() => other.matches(watched.said("assistant").join(" ")), "an answer to the second text");
    await quiet(watched);
    check(watched.of("error").length === 0, `texts in a row led to ${String(watched.of("error")[0]?.error)}`);
  });

  add("speaks no word of what was called off before it began", async (_provider, { connect }) => {
    const watched = await connect();
    watched.session.sendText(prompt.text);
    watched.session.interrupt();
    await settle(100);
    await quiet(watched);
    check(watched.of("audio").length === 0, "it spoke although it was interrupted before it began");
    watched.session.sendText(other.text);
    await watched.until(() => other.matches(watched.said("assistant").join(" ")), "an answer after that");
    check(watched.of("audio").length > 0, "what was asked after the interruption was not spoken");
  });

  add("answers what is asked right after an interruption", async (_provider, { connect }) => {
    const watched = await connect();
    watched.session.sendText(prompt.text);
    watched.session.interrupt();
    watched.session.sendText(other.text);
    await watched.until(() => other.matches(watched.said("assistant").join(" ")), "an answer to the second text");
    await quiet(watched);
    check(watched.of("audio").length > 0, "what was asked after the interruption was not spoken");
  });

  if (!tool) return;
  add("takes the result of a call that was called off, and goes on", async (_provider, { connect }) => {
    const watched = await connect({ tools: [tool.definition] });
    watched.session.sendText(tool.prompt);
    await watched.reaches("tool-call", 1);
    const id = watched.of("tool-call")[0]?.id ?? "";
    watched.session.interrupt();
    watched.session.submitToolResult(id, tool.result);
    watched.session.submitToolResult(id, tool.result);
    await quiet(watched);
    watched.session.sendText(other.text);
    await watched.until(() => other.matches(watched.said("assistant").join(" ")), "an answer after that");
    check(watched.of("error").length === 0, `a late result led to ${String(watched.of("error")[0]?.error)}`);
    check(watched.of("tool-call").length === 1, "it called again");
  });
}
