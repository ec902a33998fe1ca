/** How it stands with a call that this page attends and does not make: its person is an operator. */
export interface Attending {
  /** `talk`: they speak with the caller, and the assistant is silent. */
  readonly mode: "listen" | "talk";
  /** Everybody who speaks with the caller, by participant; this person among them. */
  readonly talking: readonly string[];
}

/** Names shown at most. */
const MOST = 8;

/** Reads what a server says under the name `operator`; undefined for anything that is not that. */
export function readAttending(payload: unknown): Attending | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const { mode, talking } = payload as Readonly<Record<string, unknown>>;
  if ((mode !== "listen" && mode !== "talk") || !Array.isArray(talking)) return undefined;
  return { mode, talking: talking.filter((each) => typeof each === "string").slice(0, MOST) };
}

/** Who has the caller, in a sentence. */
export function whoTalks({ mode, talking }: Attending): string {
  if (mode === "talk") return "The caller hears you. The assistant is silent.";
  if (talking.length === 0) return "To a call. What you write is for the assistant alone.";
  const last = talking.at(-1);
  const names = talking.length === 1 ? last : `${talking.slice(0, -1).join(", ")} and ${last}`;
  return `${names} ${talking.length === 1 ? "speaks" : "speak"} with the caller.`;
}

/** Whose words a line has. */
export function whoSaid(
  {
    role,
    speaker,
    typed,
  }: { readonly role: "user" | "assistant"; readonly speaker?: string | undefined; readonly typed?: true | undefined },
  attending: Attending | undefined,
): string {
  if (role === "assistant") return speaker ?? "Assistant";
  if (typed) return attending ? "You, to the assistant" : "You, typed";
  return attending ? (speaker ?? "Caller") : "You";
}
