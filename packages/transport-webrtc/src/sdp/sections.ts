import { invalidSdp, type SdpSection, type SdpText } from "./lines.ts";

/** One `m=` section of an offer. */
export interface OfferedSection extends SdpSection {
  /** `audio`, `video`, `application`, `text`, ..., lower case. */
  readonly kind: string;
  /** As offered: an answer repeats them. */
  readonly media: string;
  readonly protocol: string;
  readonly formats: readonly string[];
  readonly port: number;
  readonly mid: string | undefined;
  readonly bundleOnly: boolean;
  /** The sections of its BUNDLE group, itself among them, in the group's order; undefined: it is in none. */
  readonly group: readonly OfferedSection[] | undefined;
}

// RFC 8866, 9: token. Nothing in it could begin another line or attribute of an answer.
const TOKEN = /^[\x21\x23-\x27\x2a\x2b\x2d\x2e\x30-\x39\x41-\x5a\x5e-\x7e]{1,64}$/;
const MEDIA = /^(\S+) +(\d{1,5})(?:\/\d{1,5})? +(\S+)((?: +\S+)+)$/;
const MAX_FORMATS = 128;

/** Reads the `m=` lines, mids and BUNDLE groups. @throws RoomKitError `invalid_sdp` */
export function readSections(sdp: SdpText): readonly OfferedSection[] {
  type Draft = { -readonly [K in keyof OfferedSection]: OfferedSection[K] };
  const byMid = new Map<string, Draft>();
  const sections = sdp.sections.map((section) => {
    const read: Draft = { ...readMediaLine(section), group: undefined };
    const { mid } = read;
    if (mid !== undefined) {
      if (!TOKEN.test(mid) || byMid.has(mid)) throw invalidSdp("every media section needs a mid of its own");
      byMid.set(mid, read);
    }
    return read;
  });
  for (const line of sdp.session.attributes.get("group") ?? []) {
    const [semantics, ...mids] = line.split(/ +/);
    if (semantics?.toUpperCase() !== "BUNDLE") continue;
    // A mid nobody has, and one that is in a group already, are passed by.
    const members = [...new Set(mids)].flatMap((mid) => byMid.get(mid) ?? []).filter((m) => m.group === undefined);
    for (const member of members) member.group = members;
  }
  return sections;
}

function readMediaLine(section: SdpSection): Omit<OfferedSection, "group"> {
  const match = MEDIA.exec(section.media ?? "");
  const [, media = "", port = "", protocol = "", rest = ""] = match ?? [];
  const formats = rest.trim().split(/ +/);
  const tokens = [media, ...protocol.split("/"), ...formats];
  if (!match || Number(port) > 65_535 || formats.length > MAX_FORMATS || !tokens.every((t) => TOKEN.test(t)))
    throw invalidSdp("an m= line of the offer is not valid");
  return {
    ...section,
    kind: media.toLowerCase(),
    media,
    protocol,
    formats,
    port: Number(port),
    mid: attribute(section, "mid"),
    bundleOnly: section.attributes.has("bundle-only"),
  };
}

/** The first value of an attribute. */
export function attribute(section: SdpSection, name: string): string | undefined {
  return section.attributes.get(name)?.[0];
}

/** Whether it is offered at all: port 0 rejects a section, unless it is to be bundled and has no port of its own (RFC 8843, 6). */
export function isLive(section: OfferedSection): boolean {
  return section.port !== 0 || (section.bundleOnly && section.group !== undefined);
}

/** Whether its transport is its own: it is in no group, or the one the group hangs on. */
export function hasOwnTransport(section: OfferedSection): boolean {
  return section.group === undefined || section.group.find((s) => s.port !== 0) === section;
}

/**
 * The section whose transport all of `accepted`, bundled, are on (RFC 8843, 7.3.1): the first of the group that is accepted and
 * has a port. When all that is accepted is bundle-only, it is the transport of the one they hang on, although that one is refused.
 */
export function taggedSection(accepted: readonly OfferedSection[]): OfferedSection {
  const [first] = accepted as readonly [OfferedSection];
  const { group = [first] } = first;
  return group.find((s) => s.port !== 0 && accepted.includes(s)) ?? group.find((s) => s.port !== 0) ?? first;
}
