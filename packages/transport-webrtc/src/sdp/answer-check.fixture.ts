interface Section {
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  readonly mid: string | undefined;
  readonly lines: readonly string[];
}

function read(sdp: string): { session: readonly string[]; sections: Section[]; groups: string[][] } {
  const parts: string[][] = [[]];
  for (const line of sdp.split(/\r?\n/).map((l) => l.trimEnd())) {
    if (line.startsWith("m=")) parts.push([]);
    if (line !== "") parts.at(-1)?.push(line);
  }
  const [session = [], ...media] = parts;
  const sections = media.map((lines) => {
    const [kind = "", port = "", protocol = "", ...formats] = (lines[0] ?? "").slice(2).split(/ +/);
    const mid = lines.find((l) => /^a=mid:/i.test(l))?.slice(6);
    return { kind, port: Number.parseInt(port, 10), protocol, formats, mid, lines };
  });
  const groups = session.filter((l) => /^a=group:BUNDLE\b/i.test(l)).map((l) => l.split(/ +/).slice(1));
  return { session, sections, groups };
}

/** What is wrong with an answer beside its offer, by RFC 3264 (6), 5888, 8841, 8843 and 8829 (5.3); nothing, when it is right. */
export function answerFaults(offerSdp: string, answerSdp: string): string[] {
  const [offer, answer] = [read(offerSdp), read(answerSdp)];
  const faults: string[] = [];
  const expect = (right: boolean, fault: string): void => void (right || faults.push(fault));
  expect(answerSdp.startsWith("v=0\r\n") && answerSdp.endsWith("\r\n"), "it is not SDP text");
  expect(
    answerSdp.split("\r\n").every((l) => l === "" || /^[a-z]=\S[^\r\n]*$/.test(l)),
    "a line is not SDP",
  );
  expect(offer.sections.length === answer.sections.length, "it has another number of sections");
  expect(answer.groups.length <= 1, "it has two groups");
  const bundle = answer.groups[0] ?? [];
  expect(offer.groups.length > 0 || bundle.length === 0, "it bundles what was not");
  const live = answer.sections.filter((s) => s.port !== 0);
  expect(live.length > 0, "it takes nothing");
  expect(live.length === 1 || bundle.length > 0, "several sections are on one transport without a group");
  expect(
    bundle.every((mid) => live.some((s) => s.mid === mid)),
    "its group has a mid that is not taken",
  );
  expect(live.length === 1 || live.every((s) => bundle.includes(s.mid ?? "")), "a section is not in the group");
  expect(new Set(bundle).size === bundle.length, "a mid is in the group twice");
  if (bundle.length > 0)
    expect(
      offer.groups.some((g) => bundle.every((mid) => g.includes(mid))),
      "its group is not a part of the offer's",
    );
  for (const [i, section] of answer.sections.entries()) {
    const offered = offer.sections[i];
    if (!offered) continue;
    const at = `section ${i}: `;
    const attribute = (name: string): string | undefined =>
      section.lines.find((l) => l.startsWith(`a=${name}:`))?.slice(name.length + 3);
    const has = (line: string): boolean => section.lines.includes(line);
    expect(section.kind === offered.kind && section.protocol === offered.protocol, `${at}another kind or protocol`);
    expect(section.mid === offered.mid, `${at}another mid`);
    expect(section.formats.length > 0, `${at}no format`);
    if (section.port === 0) continue;
    const offeredLive =
      offered.port !== 0 ||
      (offered.lines.some((l) => /^a=bundle-only$/i.test(l)) &&
        offer.groups.some((g) => g.includes(offered.mid ?? "")));
    expect(offeredLive, `${at}taken although it was rejected`);
    for (const name of ["ice-ufrag", "ice-pwd", "fingerprint", "setup"])
      expect(attribute(name) !== undefined, `${at}no ${name}`);
    const candidates = section.lines.filter((l) => l.startsWith("a=candidate:"));
    expect(candidates.length > 0, `${at}no candidate`);
    expect(["active", "passive"].includes(attribute("setup") ?? ""), `${at}setup ${attribute("setup")}`);
    if (section.kind.toLowerCase() === "audio") {
      expect(
        section.formats.every((f) => offered.formats.includes(f)),
        `${at}a codec that was not offered`,
      );
      expect(has("a=rtcp-mux"), `${at}no rtcp-mux`);
      const directions = ["sendrecv", "sendonly", "recvonly", "inactive"].filter((d) => has(`a=${d}`));
      expect(directions.length === 1, `${at}${directions.length} directions`);
    } else {
      const draft = /^\d+$/.test(offered.formats[0] ?? "");
      expect(/^\d+$/.test(section.formats[0] ?? "") === draft, `${at}another form of data channel`);
      if (draft) expect(/^\d+ webrtc-datachannel\b/.test(attribute("sctpmap") ?? ""), `${at}no sctpmap`);
      else expect(/^\d+$/.test(attribute("sctp-port") ?? ""), `${at}no sctp-port`);
      expect(!(draft && attribute("sctp-port")), `${at}both forms of data channel`);
    }
  }
  return faults;
}

/** `audio/1 data/0`: what an answer takes and refuses, in order, then its group. */
export function outline(answerSdp: string): string {
  const { sections, groups } = read(answerSdp);
  return [
    ...sections.map((s) => `${s.kind}${s.port === 0 ? " refused" : ""}`),
    ...groups.map((g) => `[${g.join(" ")}]`),
  ].join(", ");
}
