import type { WebRTCOffer } from "@roomkit/core";
import type { OfferForm, SectionForm } from "./answer-form.ts";
import { invalidSdp, splitSdp } from "./lines.ts";
import { type OfferedAudio, type OfferedData, readAudio, readData, type Unusable } from "./offered-media.ts";
import { isLive, type OfferedSection, readSections, taggedSection } from "./sections.ts";
import { type CandidateFilter, OfferedTransport } from "./transport-facts.ts";
import { writeOffer } from "./write-offer.ts";

export type { CandidateFilter } from "./transport-facts.ts";

/** What of an offer is used, and what its answer must look like. */
export interface ParsedOffer extends WebRTCOffer {
  readonly form: OfferForm;
}

interface Usable<T> {
  readonly section: OfferedSection;
  readonly facts: T;
}

/** Names a section that has no mid, where it is the only one used. */
const OWN_MID = "0";

/**
 * Takes an offer apart, checks it and writes what is used of it anew (RFC 8829, 5.10): the first audio section and the first data
 * channel section that can be used, on one transport (RFC 8843). All others, of whatever kind, are for {@link completeAnswer} to
 * refuse. No part of the client's text goes on to an engine unread.
 *
 * @param wanted whether an audio section can be answered; one that cannot is refused like the rest.
 * @throws RoomKitError `invalid_sdp` (also when nothing of it can be used) or `sdp_too_large`, with a reason fit for the client.
 */
export function parseOffer(
  text: string,
  accept: CandidateFilter,
  maxCandidates: number,
  wanted: (audio: OfferedAudio) => true | Unusable = () => true,
): ParsedOffer {
  const sdp = splitSdp(text);
  const sections = readSections(sdp);
  if (sections.length === 0) throw invalidSdp("the offer has no media section");
  let refusal = "no media section of the offer can be used";
  const usable = <T extends object>(kind: string, read: (section: OfferedSection) => T | Unusable): Usable<T>[] =>
    sections.flatMap((section) => {
      if (section.kind !== kind || !isLive(section)) return [];
      const facts = read(section);
      if (!("unusable" in facts)) return [{ section, facts }];
      refusal = facts.unusable;
      return [];
    });
  const [audio] = usable("audio", (section) => {
    const facts = readAudio(section, sdp.session);
    const verdict = "unusable" in facts ? facts : wanted(facts);
    return verdict === true ? facts : verdict;
  });
  // Two transports are not had: what is not bundled with the caller's voice is refused.
  const data = usable("application", readData).find(
    ({ section }) => !audio || (section.group !== undefined && section.group === audio.section.group),
  );
  const accepted = sections.filter((section) => section === audio?.section || section === data?.section);
  if (accepted.length === 0) throw invalidSdp(refusal);
  const tagged = taggedSection(accepted);
  const transport = new OfferedTransport(sdp.session, tagged);
  const facts = {
    media: accepted.map((section) => (section === audio?.section ? "audio" : "data")),
    ...(audio ? { audio: { mid: audio.section.mid ?? OWN_MID, ...audio.facts } } : {}),
    ...(data ? { data: { mid: data.section.mid ?? OWN_MID, ...data.facts } } : {}),
    ice: transport.ice(),
    fingerprints: transport.fingerprints(),
    setup: transport.setup(),
    candidates: transport.candidates(accept, maxCandidates),
  } satisfies Omit<WebRTCOffer, "sdp">;
  return { ...facts, form: formOf(sections, audio, data, tagged), sdp: writeOffer(facts) };
}

function formOf(
  sections: readonly OfferedSection[],
  audio: Usable<OfferedAudio> | undefined,
  data: Usable<OfferedData> | undefined,
  tagged: OfferedSection,
): OfferForm {
  const use = (section: OfferedSection): "audio" | "data" | undefined =>
    section === audio?.section ? "audio" : section === data?.section ? "data" : undefined;
  const bundled = (tagged.group ?? []).filter((section) => use(section) !== undefined);
  // The tag comes first: the client's, when it is used, is the transport's owner.
  bundled.sort((a, b) => Number(b === tagged) - Number(a === tagged));
  return {
    sections: sections.map((section): SectionForm => {
      const { media, protocol, formats, mid } = section;
      const used = use(section);
      return {
        ...(used ? { use: used } : {}),
        media,
        protocol,
        formats,
        mid,
      };
    }),
    ...(bundled.length > 0 ? { bundle: bundled.flatMap(({ mid }) => mid ?? []) } : {}),
  };
}
