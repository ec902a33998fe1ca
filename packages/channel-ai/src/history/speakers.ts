import type { ChannelHost, RoomEvent } from "@roomkit/core";

/** Characters of a label that a model is shown. */
const MAX_LABEL = 64;

type Said = Pick<RoomEvent, "source" | "metadata">;

/** Whether the users' words are those of several participants: people in one room, not voices on one line. */
export function severalPeople(events: readonly Said[]): boolean {
  return new Set(events.flatMap(({ source }) => (source.role === "user" ? [source.participantId] : []))).size > 1;
}

/**
 * Who said a user's words, as a model is shown it: the voice, where a diarizer knows it, otherwise the participant, where `names` is
 * given; undefined: nobody knows.
 *
 * @param names of participants by their ids; who has none is called by the id
 */
export function speakerOf({ source, metadata }: Said, names?: ReadonlyMap<string, string>): string | undefined {
  if (source.role !== "user") return undefined;
  const { participantId } = source;
  const person = names && participantId !== undefined ? (names.get(participantId) ?? participantId) : undefined;
  return plain(metadata?.speaker) ?? plain(person);
}

function plain(label: unknown): string | undefined {
  if (typeof label !== "string") return undefined;
  const text = label.replace(/[\p{C}()\s]+/gu, " ").trim();
  return text === "" ? undefined : [...text].slice(0, MAX_LABEL).join("");
}

/** A beginning of a line that looks like {@link saidBy}'s. */
const FORGED = /^[^\S\n]*\([^()\n]{1,64}\bsays:\)[^\S\n]*/gimu;

/** Words with who said them before them. What the words themselves have of such a beginning is left out: nobody speaks for another. */
export function saidBy(speaker: string | undefined, text: string): string {
  const words = text.replace(FORGED, "");
  return speaker === undefined ? words : `(${speaker} says:) ${words}`;
}

/** What the participants of a room are called, by their ids. */
export async function namesIn(
  host: Pick<ChannelHost, "participants">,
  roomId: string,
): Promise<ReadonlyMap<string, string>> {
  const people = await host.participants(roomId);
  return new Map(people.flatMap(({ id, displayName }) => (displayName === undefined ? [] : [[id, displayName]])));
}
