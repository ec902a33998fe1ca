import { isDraftFormat } from "./offered-media.ts";

/** What the answer to one `m=` section repeats of it. */
export interface SectionForm {
  /** What it is used for; absent: it is refused. */
  readonly use?: "audio" | "data" | undefined;
  readonly media: string;
  readonly protocol: string;
  readonly formats: readonly string[];
  readonly mid?: string | undefined;
}

/** The shape an answer must have: as many sections as the offer, in its order and its words (RFC 3264, 6). */
export interface OfferForm {
  readonly sections: readonly SectionForm[];
  /** The mids of the answer's BUNDLE group, its tag first; absent: the offer bundles nothing that is used. */
  readonly bundle?: readonly string[] | undefined;
}

/** What some stacks wrote of data channels before RFC 8841; it means every stream SCTP has. */
const DRAFT_STREAMS = 65_535;

/**
 * Makes an engine's answer, which knows only the sections that are used, the answer to the offer as the client wrote it: refused
 * sections in their places with port 0, its protocols and formats, no mid and no group where it has none.
 */
export function completeAnswer(answer: string, form: OfferForm): string {
  const [session = [], ...answered] = splitLines(answer);
  const rejected = new Set<string | undefined>();
  const sections = form.sections.map((section) => {
    const lines = section.use === undefined ? undefined : answered.shift();
    if (!lines) return refused(section);
    if (portOf(lines) === "0") rejected.add(section.mid);
    return taken(section, lines);
  });
  const bundle = (form.bundle ?? []).filter((mid) => !rejected.has(mid));
  const head = session.filter((line) => !line.startsWith("a=group:"));
  if (bundle.length > 0) {
    const times = head.findLastIndex((line) => line.startsWith("t="));
    head.splice(times + 1, 0, `a=group:BUNDLE ${bundle.join(" ")}`);
  }
  return `${[...head, ...sections.flat()].join("\r\n")}\r\n`;
}

function splitLines(sdp: string): string[][] {
  const parts: string[][] = [[]];
  for (const line of sdp.split(/\r?\n/)) {
    if (line.startsWith("m=")) parts.push([]);
    if (line !== "") parts.at(-1)?.push(line);
  }
  return parts;
}

function portOf(lines: readonly string[]): string | undefined {
  return lines[0]?.split(" ")[1];
}

function refused({ media, protocol, formats, mid }: SectionForm): string[] {
  return [
    `m=${media} 0 ${protocol} ${formats[0]}`,
    "c=IN IP4 0.0.0.0",
    ...(mid === undefined ? [] : [`a=mid:${mid}`]),
    ...(/\bRTP\b/i.test(protocol) ? ["a=inactive"] : []),
  ];
}

function taken(section: SectionForm, [mediaLine = "", ...lines]: readonly string[]): string[] {
  const { use, media, protocol, formats, mid } = section;
  const [, port, , ...answeredFormats] = mediaLine.split(" ");
  const draft = use === "data" && isDraftFormat(formats[0] ?? "");
  const sctpPort = lines.find((line) => line.startsWith("a=sctp-port:"))?.slice(12) ?? "5000";
  const format = use === "audio" ? answeredFormats.join(" ") : draft ? sctpPort : formats[0];
  const out = [`m=${media} ${port} ${protocol} ${format}`];
  for (const line of lines) {
    if (mid === undefined && line.startsWith("a=mid:")) continue;
    out.push(
      draft && line.startsWith("a=sctp-port:") ? `a=sctpmap:${sctpPort} webrtc-datachannel ${DRAFT_STREAMS}` : line,
    );
  }
  return out;
}
