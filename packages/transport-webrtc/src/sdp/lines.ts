import { RoomKitError } from "@roomkit/core";

/** Caps on an offer, checked before anything in it is read. */
export interface SdpCaps {
  /** UTF-16 code units of the whole text. */
  readonly bytes: number;
  readonly lines: number;
  readonly lineBytes: number;
  readonly sections: number;
}

/** Chromium's microphone, camera and data channel are 172 lines (5.5 kB) before candidates and simulcast; `bytes` is what bounds the work. */
const SDP_CAPS: SdpCaps = { bytes: 32_768, lines: 1_000, lineBytes: 2_048, sections: 16 };

/** One `m=` section, or the session part before the first; attributes by name in lower case. */
export interface SdpSection {
  /** The `m=` value; undefined for the session part. */
  readonly media: string | undefined;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

export interface SdpText {
  readonly session: SdpSection;
  readonly sections: readonly SdpSection[];
}

export function invalidSdp(message: string): RoomKitError {
  return new RoomKitError("invalid_sdp", message);
}

/** Splits an SDP text (RFC 8866) into sections. @throws RoomKitError `invalid_sdp`, `sdp_too_large`. */
export function splitSdp(text: string, caps: SdpCaps = SDP_CAPS): SdpText {
  if (typeof text !== "string") throw invalidSdp("an offer is text");
  if (text.length > caps.bytes)
    throw new RoomKitError("sdp_too_large", `an offer has at most ${caps.bytes} characters`);
  // White space at the end of a line means nothing anywhere (some stacks write it behind the last format).
  const lines = text.split(/\r?\n/, caps.lines + 2).map((line) => line.trimEnd());
  if (lines.length > caps.lines + 1)
    throw new RoomKitError("sdp_too_large", `an offer has at most ${caps.lines} lines`);
  if (lines[0] !== "v=0") throw invalidSdp("an offer begins with v=0");
  const sections: { media: string | undefined; attributes: Map<string, string[]> }[] = [
    { media: undefined, attributes: new Map() },
  ];
  for (const line of lines) {
    if (line === "") continue;
    if (line.length > caps.lineBytes)
      throw new RoomKitError("sdp_too_large", `a line of an offer has at most ${caps.lineBytes} characters`);
    if (!/^[a-z]=[\x20-\x7e\u00a0-\uffff]*$/.test(line)) throw invalidSdp("a line of the offer is not SDP");
    const value = line.slice(2);
    if (line[0] === "m") {
      if (sections.length > caps.sections)
        throw new RoomKitError("sdp_too_large", `an offer has at most ${caps.sections} media sections`);
      sections.push({ media: value, attributes: new Map() });
    } else if (line[0] === "a") {
      const colon = value.indexOf(":");
      const name = (colon < 0 ? value : value.slice(0, colon)).toLowerCase();
      const { attributes } = sections.at(-1) as (typeof sections)[number];
      const list = attributes.get(name);
      const argument = colon < 0 ? "" : value.slice(colon + 1).trimStart();
      if (list) list.push(argument);
      else attributes.set(name, [argument]);
    }
  }
  const [session, ...media] = sections;
  return { session: session as SdpSection, sections: media };
}
