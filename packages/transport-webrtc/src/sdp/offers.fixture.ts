/** Offers as other stacks write them, taken down from them or true to their source, with made-up secrets. */

const sdp = (...lines: readonly (string | readonly string[])[]): string => `${lines.flat().join("\r\n")}\r\n`;
const FINGERPRINT = `a=fingerprint:sha-256 ${Array.from({ length: 32 }, (_, i) => (i + 16).toString(16).toUpperCase()).join(":")}`;

const chromiumTransport = (candidates: number): string[] => [
  "c=IN IP4 0.0.0.0",
  "a=rtcp:9 IN IP4 0.0.0.0",
  ...Array.from(
    { length: candidates },
    (_, i) =>
      `a=candidate:${i} 1 udp ${2_113_937_151 - i} 192.168.1.${i + 2} ${50_000 + i} typ host generation 0 network-cost 999`,
  ),
  "a=ice-ufrag:1gAy",
  "a=ice-pwd:SfT5bisnNzVV2z+8zWI/aiOS",
  "a=ice-options:trickle",
  FINGERPRINT,
  "a=setup:actpass",
];
const chromiumHead = (mids: string): string[] => [
  "v=0",
  "o=- 829536209491918913 2 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  `a=group:BUNDLE ${mids}`,
  "a=extmap-allow-mixed",
  "a=msid-semantic: WMS",
];
const chromiumAudio = (mid: string, candidates = 0): string[] => [
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
  ...chromiumTransport(candidates),
  `a=mid:${mid}`,
  "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  "a=sendrecv",
  "a=msid:- 503f4bce",
  "a=rtcp-mux",
  "a=rtcp-rsize",
  "a=rtpmap:111 opus/48000/2",
  "a=rtcp-fb:111 transport-cc",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "a=rtpmap:9 G722/8000",
  "a=rtpmap:0 PCMU/8000",
  "a=rtpmap:8 PCMA/8000",
  "a=rtpmap:13 CN/8000",
  "a=rtpmap:110 telephone-event/48000",
  "a=rtpmap:126 telephone-event/8000",
  "a=ssrc:878320809 cname:ieaiTxCY3SU6TakI",
];
const chromiumVideo = (mid: string, candidates = 0): string[] => {
  const types = [
    96, 97, 102, 103, 104, 107, 108, 109, 114, 115, 116, 117, 39, 40, 45, 46, 98, 99, 100, 101, 118, 119, 120,
  ];
  return [
    `m=video 9 UDP/TLS/RTP/SAVPF ${types.join(" ")}`,
    ...chromiumTransport(candidates),
    `a=mid:${mid}`,
    "a=sendrecv",
    "a=rtcp-mux",
    "a=rtcp-rsize",
    ...types.flatMap((pt) => [
      `a=rtpmap:${pt} H264/90000`,
      ...["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"].map((fb) => `a=rtcp-fb:${pt} ${fb}`),
      `a=fmtp:${pt} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f`,
    ]),
    "a=ssrc-group:FID 3248827372 1501124942",
    "a=ssrc:3248827372 cname:ieaiTxCY3SU6TakI",
    "a=ssrc:1501124942 cname:ieaiTxCY3SU6TakI",
  ];
};
const chromiumData = (mid: string, candidates = 0): string[] => [
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  ...chromiumTransport(candidates),
  `a=mid:${mid}`,
  "a=sctp-port:5000",
  "a=max-message-size:262144",
];

const firefox = (order: string, bundleOnly: (index: number) => boolean): string => {
  const transport = ["a=ice-pwd:9b4466971854551fd8ebe51b3759cc58", "a=ice-ufrag:3a3c8fb6"];
  const section = (kind: string, mid: number): string[] => {
    const port = bundleOnly(mid) ? 0 : 9;
    const head = ["c=IN IP4 0.0.0.0", ...(port === 0 ? ["a=bundle-only"] : []), "a=sendrecv"];
    const tail = [...transport, `a=mid:${mid}`, "a=setup:actpass"];
    if (kind === "d")
      return [
        `m=application ${port} UDP/DTLS/SCTP webrtc-datachannel`,
        ...head,
        ...tail,
        "a=sctp-port:5000",
        "a=max-message-size:1073741823",
      ];
    const media =
      kind === "a"
        ? [
            `m=audio ${port} UDP/TLS/RTP/SAVPF 109 9 0 8 101`,
            ...head,
            "a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1",
            "a=fmtp:101 0-15",
            "a=rtpmap:109 opus/48000/2",
            "a=rtpmap:9 G722/8000/1",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",
          ]
        : [
            `m=video ${port} UDP/TLS/RTP/SAVPF 120 124`,
            ...head,
            "a=fmtp:124 apt=120",
            "a=rtpmap:120 VP8/90000",
            "a=rtpmap:124 rtx/90000",
          ];
    return [...media, ...tail, "a=rtcp-mux", "a=rtcp-rsize"];
  };
  return sdp(
    "v=0",
    "o=mozilla...THIS_IS_SDPARTA-99.0 3065004782386645024 0 IN IP4 0.0.0.0",
    "s=-",
    "t=0 0",
    "a=sendrecv",
    FINGERPRINT,
    `a=group:BUNDLE ${[...order].map((_, i) => i).join(" ")}`,
    "a=ice-options:trickle",
    "a=msid-semantic:WMS *",
    [...order].flatMap(section),
  );
};

/** aiortc before October 2025: a transport for each section that it may bundle, and the data channel as the drafts had it. */
const aiortc = (grouped: boolean): string => {
  const transport = [
    "a=candidate:a 1 udp 2130706431 192.168.1.7 41000 typ host",
    "a=end-of-candidates",
    "a=ice-ufrag:Pq7d",
    "a=ice-pwd:5ZyXwVuTsRqPoNmLkJiHgF",
    FINGERPRINT,
    `a=fingerprint:sha-384 ${FINGERPRINT.slice(22)}${":AB".repeat(16)}`,
    "a=setup:actpass",
  ];
  return sdp(
    "v=0",
    "o=- 3963823123 3963823123 IN IP4 0.0.0.0",
    "s=-",
    "t=0 0",
    grouped ? ["a=group:BUNDLE 0 1", "a=msid-semantic:WMS *"] : [],
    "m=audio 41000 UDP/TLS/RTP/SAVPF 96 0 8",
    "c=IN IP4 192.168.1.7",
    "a=sendrecv",
    "a=mid:0",
    "a=msid:6b1c 8e2f",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=rtcp-mux",
    "a=ssrc:1850233 cname:7c51",
    "a=rtpmap:96 opus/48000/2",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:8 PCMA/8000",
    transport,
    "m=application 41000 DTLS/SCTP 5000",
    "c=IN IP4 192.168.1.7",
    "a=mid:1",
    "a=sctpmap:5000 webrtc-datachannel 65535",
    "a=max-message-size:65536",
    transport,
  );
};

const webrtcbin = (): string => {
  const transport = ["a=ice-ufrag:h3Vq8WcM", "a=ice-pwd:Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8", FINGERPRINT];
  return sdp(
    "v=0",
    "o=- 4155811411 0 IN IP4 0.0.0.0",
    "s=-",
    "t=0 0",
    "a=ice-options:trickle",
    "a=group:BUNDLE audio0 application1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 97 ",
    "c=IN IP4 0.0.0.0",
    "a=setup:actpass",
    transport,
    "a=rtcp-mux",
    "a=rtcp-rsize",
    "a=sendrecv",
    "a=rtpmap:97 OPUS/48000/2",
    "a=rtcp-fb:97 nack",
    "a=ssrc:2816540 msid:user1 webrtctransceiver0",
    "a=mid:audio0",
    "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
    "c=IN IP4 0.0.0.0",
    "a=setup:actpass",
    transport,
    "a=bundle-only",
    "a=mid:application1",
    "a=sctp-port:5000",
  );
};

const all = {
  chromium: sdp(chromiumHead("0 1"), chromiumAudio("0"), chromiumData("1")),
  chromiumVideo: sdp(chromiumHead("0 1 2"), chromiumAudio("0", 9), chromiumVideo("1", 9), chromiumData("2", 9)),
  chromiumVideoFirst: sdp(chromiumHead("0 1 2"), chromiumVideo("0", 9), chromiumAudio("1", 9), chromiumData("2", 9)),
  firefoxMaxBundle: firefox("avd", (i) => i > 0),
  firefoxVideoFirst: firefox("vad", (i) => i > 0),
  firefoxTwoAudio: firefox("aad", (i) => i === 1),
  firefoxBalanced: firefox("avd", () => false),
  aiortc: aiortc(true),
  aiortcUnbundled: aiortc(false),
  webrtcbin: webrtcbin(),
};
export const offers: Readonly<typeof all> = all;
