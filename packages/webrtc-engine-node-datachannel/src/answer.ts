/** What an answer's candidates are changed to. */
export interface CandidateChanges {
  /** Tell of loopback too, at the ports of the others. */
  readonly loopback: boolean;
  /** Tell of this address and no other. */
  readonly announcedAddress: string | undefined;
}

const CANDIDATE = /^a=candidate:(\S+) (\d+) (udp) (\d+) (\S+) (\d+) typ host.*$/i;

/** Changes the addresses an answer tells of. Other lines stay as they are. */
export function changeCandidates(sdp: string, { loopback, announcedAddress }: CandidateChanges): string {
  const out: string[] = [];
  let ports = new Set<string>();
  for (const line of sdp.split(/\r?\n/)) {
    if (line.startsWith("m=")) ports = new Set();
    const match = CANDIDATE.exec(line);
    if (!match) {
      out.push(line);
      continue;
    }
    const [, foundation, component, , priority, address = "", port = ""] = match;
    if (announcedAddress === undefined) out.push(line);
    if (ports.has(port)) continue;
    ports.add(port);
    const told = announcedAddress ?? (loopback && !address.includes(":") ? "127.0.0.1" : undefined);
    // A lower priority than the machine's own addresses have: it is of use to few.
    if (told !== undefined)
      out.push(
        `a=candidate:${foundation}${announcedAddress === undefined ? "l" : ""} ${component} udp ${priority} ${told} ${port} typ host`,
      );
  }
  return out.join("\r\n");
}
