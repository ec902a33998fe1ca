import type { CallRow, TurnTimes } from "@roomkit/inspector";

/** `840 ms`, `1.24 s`. */
export function inMs(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** `0:07`, `12:40`, `1:02:05`. */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours = 0, minutes = 0, rest = 0] = parts;
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function timeOf(at: number): string {
  return new Date(at).toLocaleTimeString([], {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
}

/** The state in a word; muting goes before who has the floor. */
export function stateOf({ ended, status }: CallRow): { readonly name: string; readonly tone: string } {
  if (ended) return { name: "Ended", tone: "off" };
  if (!status) return { name: "On the line", tone: "listening" };
  if (status.muted) return { name: "Muted", tone: "muted" };
  if (status.microphoneOff) return { name: "Microphone off", tone: "muted" };
  const name = { listening: "Listening", thinking: "Thinking", speaking: "Speaking" }[status.state];
  return { name, tone: status.state };
}

/** The part of the caller's packets that was lost, 0 to 1; undefined: not measured. */
export function lossOf({ quality }: Pick<CallRow, "quality">): number | undefined {
  if (!quality?.inbound) return undefined;
  const { received, lost } = quality.inbound;
  return received + lost === 0 ? 0 : lost / (received + lost);
}

export function percent(part: number): string {
  return `${(part * 100).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`;
}

export interface Stage {
  readonly name: string;
  readonly meaning: string;
  readonly tone: string;
}

/** Stages in the order in which they follow each other. */
export const stages: Readonly<Record<TurnTimes["stages"][number]["stage"], Stage>> = {
  endpoint: { name: "End of speech", meaning: "until it was sure that the caller had stopped", tone: "wait" },
  stt: { name: "Transcript", meaning: "until their words were known", tone: "hear" },
  hooks: { name: "Hooks", meaning: "until the application's hooks had let them pass", tone: "send" },
  decide: { name: "Pause", meaning: "waiting whether they would go on", tone: "wait" },
  llm: { name: "First words", meaning: "until the model's first words", tone: "think" },
  tts: { name: "First sound", meaning: "until the voice's first audio", tone: "voice" },
  playout: { name: "Playout", meaning: "until that went to the caller", tone: "send" },
};

/** The whole of a turn's wait, ms. */
export function waitOf({ replyMs, stages: its }: TurnTimes): number {
  return replyMs ?? Math.max(0, ...its.map(({ endMs }) => endMs));
}

const REASONS: Readonly<Record<string, string>> = {
  unknown_call: "The call is over already.",
  unknown_process: "Its process is not there any more.",
  not_allowed: "This server does not let calls be changed from here.",
  timeout: "Its process did not answer. Look whether it happened.",
  unreachable: "The server could not be reached.",
  unauthorized: "The token is not good any more.",
  unsupported: "Its process cannot do that.",
};

/** Why something was not done, for whoever asked for it. */
export function reasonOf(code: string): string {
  return REASONS[code] ?? `It was refused: ${code}.`;
}
