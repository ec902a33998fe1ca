import { RoomKitError } from "@roomkit/core";
import { describe, expect, it } from "vitest";
import { answerFaults, outline } from "./answer-check.fixture.ts";
import { answerTo, readAsTransport } from "./answers.fixture.ts";
import { offers } from "./offers.fixture.ts";

const code = (sdp: string): string | undefined => {
  try {
    answerTo(sdp);
  } catch (error) {
    return RoomKitError.is(error) ? error.code : `threw ${String(error)}`;
  }
  return undefined;
};
/** Changes an offer, and makes sure that something was changed. */
const edit = (sdp: string, ...changes: readonly (readonly [string | RegExp, string])[]): string =>
  changes.reduce((text, [from, to]) => {
    expect(text).toMatch(from);
    return text.replace(from, to);
  }, sdp);
const parts = (sdp: string): string[] => sdp.split(/(?=^m=)/m);
const dataChannel = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel";

describe("an answer to another client's offer", () => {
  const cases: readonly (readonly [what: string, sdp: string, outline: string])[] = [
    ["Chromium", offers.chromium, "audio, application, [0 1]"],
    ["Chromium with a camera", offers.chromiumVideo, "audio, video refused, application, [0 2]"],
    ["Chromium with the camera first", offers.chromiumVideoFirst, "video refused, audio, application, [1 2]"],
    ["Firefox, max-bundle", offers.firefoxMaxBundle, "audio, video refused, application, [0 2]"],
    ["Firefox, max-bundle, camera first", offers.firefoxVideoFirst, "video refused, audio, application, [1 2]"],
    ["Firefox, two microphones", offers.firefoxTwoAudio, "audio, audio refused, application, [0 2]"],
    ["Firefox, balanced", offers.firefoxBalanced, "audio, video refused, application, [0 2]"],
    ["aiortc before October 2025", offers.aiortc, "audio, application, [0 1]"],
    ["webrtcbin, max-bundle", offers.webrtcbin, "audio, application, [audio0 application1]"],
    // Two transports are not had; the voice is what the call is for.
    ["no group at all", offers.aiortcUnbundled, "audio, application refused"],
    ["a group without the data", edit(offers.chromium, ["BUNDLE 0 1", "BUNDLE 0"]), "audio, application refused, [0]"],
    [
      "a group that names nobody",
      edit(offers.chromium, ["BUNDLE 0 1", "BUNDLE 0 7"]),
      "audio, application refused, [0]",
    ],
    [
      "groups of one each",
      edit(offers.chromium, ["BUNDLE 0 1", "BUNDLE 1\r\na=group:BUNDLE 0"]),
      "audio, application refused, [0]",
    ],
    ["a group in another order", edit(offers.chromium, ["BUNDLE 0 1", "BUNDLE 1 0"]), "audio, application, [1 0]"],
    [
      "another group besides",
      edit(offers.chromium, ["a=group:BUNDLE 0 1", "a=group:LS 0 1\r\na=group:BUNDLE 0 1"]),
      "audio, application, [0 1]",
    ],
    [
      "one section without a mid",
      edit(parts(offers.chromium).slice(0, 2).join(""), [/a=group.*\r\n/, ""], [/a=mid.*\r\n/, ""]),
      "audio",
    ],
    [
      "only data without a mid",
      edit((parts(offers.chromium)[0] ?? "") + parts(offers.chromium)[2], [/a=group.*\r\n/, ""], [/a=mid.*\r\n/, ""]),
      "application",
    ],
    [
      "one section in a group",
      edit(parts(offers.chromium).slice(0, 2).join(""), ["BUNDLE 0 1", "BUNDLE 0"]),
      "audio, [0]",
    ],
    ["data that has no mid", edit(offers.chromium, [/a=mid:1\r\n/, ""]), "audio, application refused, [0]"],
    [
      "port 0 without bundle-only",
      edit(offers.webrtcbin, ["a=bundle-only\r\n", ""]),
      "audio, application refused, [audio0]",
    ],
    [
      "bundle-only outside the group",
      edit(offers.webrtcbin, [" application1", ""]),
      "audio, application refused, [audio0]",
    ],
    [
      "bundle-only with a port",
      edit(offers.webrtcbin, ["m=application 0", "m=application 9"]),
      "audio, application, [audio0 application1]",
    ],
    [
      "audio rejected by the client",
      edit(offers.chromium, ["m=audio 9", "m=audio 0"]),
      "audio refused, application, [1]",
    ],
    [
      "an audio section without a codec we have",
      edit(offers.chromium, [/opus/g, "AMR"]),
      "audio refused, application, [1]",
    ],
    [
      "its second audio section is the one with Opus",
      edit(offers.firefoxTwoAudio, ["109 opus", "109 speex"]),
      "audio refused, audio, application, [2 1]",
    ],
    [
      "audio over something else",
      edit(offers.chromium, ["UDP/TLS/RTP/SAVPF", "RTP/ABCD"]),
      "audio refused, application, [1]",
    ],
    [
      "audio that cannot share its port",
      edit(offers.chromium, ["a=rtcp-mux\r\n", ""]),
      "audio refused, application, [1]",
    ],
    [
      "data over something else",
      edit(offers.chromium, [dataChannel, "m=application 9 UDP/BFCP *"]),
      "audio, application refused, [0]",
    ],
    [
      "data of another application",
      edit(offers.chromium, ["webrtc-datachannel", "other-thing"]),
      "audio, application refused, [0]",
    ],
    [
      "data with an impossible port",
      edit(offers.chromium, ["sctp-port:5000", "sctp-port:70000"]),
      "audio, application refused, [0]",
    ],
    [
      "data that is being closed",
      edit(offers.chromium, ["sctp-port:5000", "sctp-port:0"]),
      "audio, application refused, [0]",
    ],
    [
      "a second data channel section",
      `${edit(offers.chromium, ["BUNDLE 0 1", "BUNDLE 0 1 2"])}${parts(offers.chromium)[2]?.replace("a=mid:1", "a=mid:2")}`,
      "audio, application, application refused, [0 1]",
    ],
    [
      "text, fax and something new",
      `${offers.chromium}m=text 9 RTP/AVP 98\r\na=mid:t\r\nm=image 4444 udptl t38\r\nm=x-new 1/2 X/Y z\r\n`,
      "audio, application, text refused, image refused, x-new refused, [0 1]",
    ],
  ];

  it.each(cases)("%s", (_, sdp, expected) => {
    const answer = answerTo(sdp);
    expect(answerFaults(sdp, answer)).toEqual([]);
    expect(outline(answer)).toBe(expected);
  });

  it.each([
    "UDP/TLS/RTP/SAVPF",
    "UDP/TLS/RTP/SAVP",
    "TCP/TLS/RTP/SAVPF",
    "TCP/DTLS/RTP/SAVPF",
    "TCP/DTLS/RTP/SAVP",
    "RTP/SAVPF",
    "RTP/SAVP",
    "RTP/AVPF",
    "RTP/AVP",
  ])("has audio's own protocol, %s", (protocol) => {
    const sdp = edit(offers.chromium, ["UDP/TLS/RTP/SAVPF", protocol]);
    const answer = answerTo(sdp);
    expect(answerFaults(sdp, answer)).toEqual([]);
    expect(answer).toContain(`m=audio 9 ${protocol} 111 110\r\n`);
  });

  it.each([
    ["UDP/DTLS/SCTP webrtc-datachannel", "a=sctp-port:5001", "a=sctp-port:5000"],
    ["TCP/DTLS/SCTP webrtc-datachannel", "a=sctp-port:5001", "a=sctp-port:5000"],
    ["DTLS/SCTP webrtc-datachannel", "a=sctp-port:5001", "a=sctp-port:5000"],
    ["DTLS/SCTP 5001", "a=sctpmap:5001 webrtc-datachannel 65535", "a=sctpmap:5000 webrtc-datachannel 65535"],
    ["DTLS/SCTP 5001", "a=sctpmap:5001 webrtc-datachannel", "a=sctpmap:5000 webrtc-datachannel 65535"],
    ["UDP/DTLS/SCTP 5001", "a=sctpmap:5001 webrtc-datachannel 256", "a=sctpmap:5000 webrtc-datachannel 65535"],
  ])("has a data channel in its own form, %s", (form, line, answered) => {
    const sdp = edit(offers.chromium, ["UDP/DTLS/SCTP webrtc-datachannel", form], ["a=sctp-port:5000", line]);
    expect(readAsTransport(sdp).data).toEqual({ mid: "1", sctpPort: 5_001, maxMessageSize: 262_144 });
    const answer = answerTo(sdp);
    expect(answerFaults(sdp, answer)).toEqual([]);
    expect(answer).toContain(`m=application 9 ${form.replace("5001", "5000")}\r\n`);
    expect(answer).toContain(`${answered}\r\n`);
  });

  it.each([
    ["LF alone", (sdp: string) => sdp.replaceAll("\r\n", "\n")],
    ["no end of the last line", (sdp: string) => sdp.trimEnd()],
    ["white space at the ends of lines", (sdp: string) => sdp.replaceAll("\r\n", " \t\r\n")],
    [
      "attributes in capitals",
      (sdp: string) => sdp.replace(/^a=[a-z-]+/gm, (name) => `a=${name.slice(2).toUpperCase()}`),
    ],
    [
      "hash names in capitals, hashes in small letters",
      (sdp: string) => sdp.replace(/sha-256 (\S+)/g, (_, hash: string) => `SHA-256 ${hash.toLowerCase()}`),
    ],
    ["white space behind colons", (sdp: string) => sdp.replace(/^a=(mid|setup|sctp-port|ice-ufrag):/gm, "a=$1: ")],
    ["a second port number", (sdp: string) => sdp.replace("m=audio 9 ", "m=audio 9/1 ")],
  ])("reads %s", (_, change) => {
    for (const sdp of [offers.chromium, offers.firefoxMaxBundle, offers.aiortc, offers.webrtcbin]) {
      const { form: _form, ...facts } = readAsTransport(sdp);
      const { form: _other, ...same } = readAsTransport(change(sdp));
      expect(same).toEqual(facts);
    }
  });

  it("takes the transport of the section all are bundled on, whoever is refused", () => {
    const own = (sdp: string, name: string, index: number): string =>
      parts(sdp)
        .map((part, i) =>
          i === index + 1
            ? part
                .replace(/a=ice-ufrag:.*/, `a=ice-ufrag:${name}`)
                .replace(/a=ice-pwd:.*/, `a=ice-pwd:${name.repeat(6)}`)
                .replace(/m=[\s\S]*?a=mid/, (head) => head.replace(/ 192\.168\.1\.\d+/g, ` 192.168.${index + 1}.1`))
            : part,
        )
        .join("");
    const each = (sdp: string): string => ["aaaa", "bbbb", "cccc"].reduce((text, name, i) => own(text, name, i), sdp);
    // Each has a port of its own, so that the tag is the first that is used.
    const first = readAsTransport(each(offers.chromiumVideoFirst));
    expect(first.ice).toMatchObject({ usernameFragment: "bbbb", password: "bbbb".repeat(6) });
    expect(new Set(first.candidates.map(({ address }) => address))).toEqual(new Set(["192.168.2.1"]));
    const reversed = edit(each(offers.chromiumVideoFirst), ["BUNDLE 0 1 2", "BUNDLE 2 0 1"]);
    expect(readAsTransport(reversed).ice.usernameFragment).toBe("cccc");
    // Those that are used have none, and hang on the camera's.
    expect(readAsTransport(each(offers.firefoxVideoFirst)).ice.usernameFragment).toBe("aaaa");
    const bare = parts(offers.firefoxMaxBundle)
      .map((part) => (part.includes("bundle-only") ? part.replace(/a=(?:ice-.*|setup.*|rtcp-mux)\r\n/g, "") : part))
      .join("");
    expect(readAsTransport(bare)).toMatchObject({ media: ["audio", "data"], ice: { usernameFragment: "3a3c8fb6" } });
  });

  it("finds the transport in the session part, and lets a section say otherwise", () => {
    const lifted = (sdp: string): string => {
      const lines = ["ice-ufrag", "ice-pwd", "setup", "fingerprint"].map(
        (name) => new RegExp(`a=${name}:.*\r\n`).exec(sdp)?.[0],
      );
      const rest = sdp.replace(/a=(?:ice-ufrag|ice-pwd|setup|fingerprint):.*\r\n/g, "");
      return rest.replace("m=audio", `${lines.join("")}m=audio`);
    };
    const { form: _form, ...facts } = readAsTransport(offers.chromium);
    expect(readAsTransport(lifted(offers.chromium))).toMatchObject(facts);
    const other = edit(lifted(offers.chromium), ["a=mid:0", "a=mid:0\r\na=ice-ufrag:zzzz\r\na=setup:active"]);
    expect(readAsTransport(other)).toMatchObject({ ice: { usernameFragment: "zzzz" }, setup: "active" });
  });

  it("knows a direction that stands in the session part", () => {
    const sdp = edit(offers.chromium, ["t=0 0\r\n", "t=0 0\r\na=recvonly\r\n"]);
    expect(readAsTransport(sdp).audio?.direction).toBe("sendrecv");
    expect(readAsTransport(edit(sdp, ["a=sendrecv\r\n", ""])).audio?.direction).toBe("recvonly");
  });

  it("says of an offer of which nothing can be used that it is none", () => {
    const [session = "", audio = "", data = ""] = parts(offers.chromium);
    for (const sdp of [
      edit(session + audio, [/opus/, "AMR"]),
      edit(session + audio, ["m=audio 9", "m=audio 0"]),
      edit(session + data, ["webrtc-datachannel", "x"]),
      edit(offers.chromium, ["m=audio 9", "m=audio 0"], ["m=application 9", "m=application 0"]),
      edit(session + audio, ["m=audio", "m=video"]),
    ])
      expect(code(sdp)).toBe("invalid_sdp");
  });

  it("gives room to large offers, within a bound", () => {
    expect(offers.chromiumVideo.split("\r\n").length).toBeGreaterThan(215);
    const [session = "", audio = "", video = "", data = ""] = parts(offers.chromiumVideo);
    const cameras = Array.from({ length: 3 }, (_, i) => video.replace("a=mid:1", `a=mid:v${i}`));
    const many = session.replace("BUNDLE 0 1 2", "BUNDLE 0 v0 v1 v2 2") + audio + cameras.join("") + data;
    expect(outline(answerTo(many))).toBe("audio, video refused, video refused, video refused, application, [0 2]");
    expect(code(`${many}${"a=x\r\n".repeat(1_000)}`)).toBe("sdp_too_large");
    expect(code(many + data.repeat(16))).toBe("sdp_too_large");
  });
});

describe("any change of an offer", () => {
  it("is answered rightly, or refused with a code", () => {
    const all = Object.values(offers);
    const seeds = Array.from({ length: 1_500 }, (_, i) => i + 1);
    let answered = 0;
    const faults = seeds.flatMap((seed) => {
      const sdp = shuffled(all[seed % all.length] as string, seed);
      try {
        const found = answerFaults(sdp, answerTo(sdp));
        answered++;
        return found.map((fault) => `${seed}: ${fault}`);
      } catch (error) {
        const refused = RoomKitError.is(error) && ["invalid_sdp", "sdp_too_large"].includes(error.code);
        return refused ? [] : [`${seed}: threw ${String(error)}`];
      }
    });
    expect(faults).toEqual([]);
    expect(answered).toBeGreaterThan(seeds.length / 5);
  });
});

/** Drops, doubles, moves and garbles some lines, words and sections of an offer. */
function shuffled(sdp: string, seed: number): string {
  let state = seed * 2_654_435_761;
  const random = (below: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (state >>> 0) % below;
  };
  const lines = sdp.split("\r\n").slice(0, -1);
  const words = [
    "0",
    "9",
    "audio",
    "m=audio 0 RTP/AVP 0",
    "a=bundle-only",
    "a=group:BUNDLE 0 2",
    "1",
    "DTLS/SCTP",
    "5000",
    "",
    " ",
    "a=mid:0",
    "a=recvonly",
    "__proto__",
  ];
  for (let n = random(5) + 1; n > 0; n--) {
    const at = 1 + random(lines.length - 1);
    const line = lines[at] ?? "";
    switch (random(7)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(at, 0, line);
        break;
      case 2:
        lines.splice(1 + random(lines.length), 0, ...lines.splice(at, 1));
        break;
      case 3:
        lines[at] = line.replace(/\S+$/, words[random(words.length)] as string);
        break;
      case 4:
        lines.splice(at, 0, words[random(words.length)] as string);
        break;
      case 5: {
        const name = /^a=[a-z-]+/.exec(line)?.[0];
        if (name) for (let i = lines.length - 1; i > 0; i--) if (lines[i]?.startsWith(name)) lines.splice(i, 1);
        break;
      }
      default: {
        const [session = "", ...media] = parts(`${lines.join("\r\n")}\r\n`);
        media.sort(() => random(3) - 1);
        if (random(2) === 0) media.push(media[random(media.length)] ?? "");
        lines.splice(0, lines.length, ...`${session}${media.join("")}`.split("\r\n").slice(0, -1));
      }
    }
    if (lines.length < 2) break;
  }
  return `${lines.join("\r\n")}\r\n`;
}
