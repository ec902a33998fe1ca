import { describe, expect, it } from "vitest";
import { chromeOffer } from "../sdp/chrome-offer.fixture.ts";
import { parseOffer } from "../sdp/offer.ts";
import { type AudioPlan, type PlanOptions, planAudio } from "./audio-plan.ts";

const offered = (edit: (sdp: string) => string = (sdp) => sdp): Parameters<typeof planAudio>[0] => {
  const { audio } = parseOffer(edit(chromeOffer), () => true, 20);
  if (!audio) throw new Error("no audio");
  return audio;
};
const names = (plan: AudioPlan): string => plan.codecs.map((c) => `${c.payloadType} ${c.name}`).join(", ");

const planned = (audio: Parameters<typeof planAudio>[0], options: PlanOptions): AudioPlan => {
  const plan = planAudio(audio, options);
  if (!plan) throw new Error("nothing in common");
  return plan;
};

describe("planAudio", () => {
  it("takes Opus both ways, and touch tones", () => {
    const plan = planned(offered(), { outboundAudio: "opus", pcmu: true });
    expect(names(plan)).toBe("111 opus, 110 telephone-event");
    expect(plan.direction).toBe("sendrecv");
    expect(plan.inbound).toEqual({ codec: "opus", payloadType: 111, telephoneEvent: 110 });
    expect(plan.outbound).toEqual({
      codec: "opus",
      payloadType: 111,
      telephoneEvent: { payloadType: 110, clockRate: 48_000, digits: "0123456789*#ABCD" },
    });
  });

  it.each([
    [48_000, "minptime=10;useinbandfec=1"],
    [undefined, "minptime=10;useinbandfec=1"],
    [24_000, "minptime=10;useinbandfec=1;maxplaybackrate=24000;maxaveragebitrate=32000"],
    [16_000, "minptime=10;useinbandfec=1;maxplaybackrate=16000;maxaveragebitrate=32000"],
    [8_000, "minptime=10;useinbandfec=1;maxplaybackrate=8000;maxaveragebitrate=32000"],
  ])("asks for the band that is listened to at %s Hz, and no fewer bits for it", (inputSampleRate, wanted) => {
    const plan = planned(offered(), { outboundAudio: "opus", pcmu: true, inputSampleRate });
    expect(plan.codecs[0]?.parameters).toBe(wanted);
  });

  it("answers Opus in and PCMU out on one section", () => {
    const plan = planned(offered(), { outboundAudio: "pcmu", pcmu: true });
    expect(names(plan)).toBe("111 opus, 0 pcmu, 110 telephone-event, 126 telephone-event");
    expect([plan.inbound?.codec, plan.outbound?.codec]).toEqual(["opus", "pcmu"]);
    // Each way the events of its voice's clock.
    expect([plan.inbound?.telephoneEvent, plan.outbound?.telephoneEvent?.payloadType]).toEqual([110, 126]);
  });

  it("only listens when audio goes over the data channel", () => {
    const plan = planned(offered(), { outboundAudio: "datachannel", pcmu: true });
    expect([plan.direction, plan.outbound]).toEqual(["recvonly", undefined]);
  });

  it("follows the client's direction", () => {
    const to = (direction: string) =>
      planned(
        offered((sdp) => sdp.replace("a=sendrecv", `a=${direction}`)),
        { outboundAudio: "opus", pcmu: true },
      );
    expect([to("sendonly").direction, to("sendonly").outbound]).toEqual(["recvonly", undefined]);
    expect([to("recvonly").direction, to("recvonly").inbound]).toEqual(["sendonly", undefined]);
    expect(to("recvonly").outbound?.codec).toBe("opus");
    expect(to("inactive")).toMatchObject({ direction: "inactive" });
  });

  it("takes redundant audio only when it comes first and carries nothing else", () => {
    const first = offered((sdp) => sdp.replace("SAVPF 111 63", "SAVPF 63 111"));
    expect(names(planned(first, { outboundAudio: "opus", pcmu: true }))).toBe("63 red, 111 opus, 110 telephone-event");
    const mixed = offered((sdp) => sdp.replace("SAVPF 111 63", "SAVPF 63 111").replace("111/111", "111/0"));
    expect(planned(mixed, { outboundAudio: "opus", pcmu: true }).inbound?.red).toBeUndefined();
  });

  it("makes do with PCMU, and with nothing when nothing is common", () => {
    const old = offered((sdp) => sdp.replace("111 63 9 0", "9 0"));
    const plan = planned(old, { outboundAudio: "opus", pcmu: true });
    expect(names(plan)).toBe("0 pcmu, 126 telephone-event");
    expect([plan.inbound?.codec, plan.outbound?.codec]).toEqual(["pcmu", "pcmu"]);
    expect(planAudio(old, { outboundAudio: "opus", pcmu: false })).toBeUndefined();
  });

  it("maps the client's payload types, whatever they are", () => {
    const firefox = offered((sdp) => sdp.replaceAll("111", "109"));
    expect(planned(firefox, { outboundAudio: "opus", pcmu: true }).outbound?.payloadType).toBe(109);
  });

  it("takes touch tones at another clock than the voice's when there are no others", () => {
    const firefox = offered((sdp) => sdp.replace(" 110 126", " 126"));
    const plan = planned(firefox, { outboundAudio: "opus", pcmu: true });
    expect(plan.inbound?.telephoneEvent).toBe(126);
    expect(plan.outbound?.telephoneEvent).toMatchObject({ payloadType: 126, clockRate: 8_000 });
  });

  it.each([
    ["0-11,16", "0123456789*#"],
    ["1, 3 ,10-10", "13*"],
    ["16,32-49", undefined],
    ["all of them", undefined],
    ["15-0", undefined],
  ])("sends the touch tones a client names by %j, and no others", (parameters, digits) => {
    const offer = offered((sdp) => sdp.replace("a=rtpmap:110 ", `a=fmtp:110 ${parameters}\r\na=rtpmap:110 `));
    const plan = planned(offer, { outboundAudio: "opus", pcmu: true });
    expect(plan.outbound?.telephoneEvent?.digits).toBe(digits);
    expect(plan.inbound?.telephoneEvent).toBe(110);
  });

  it("sends no touch tones where they were not offered, or no voice goes", () => {
    const none = offered((sdp) => sdp.replace(" 110 126", ""));
    expect(planned(none, { outboundAudio: "opus", pcmu: true }).outbound?.telephoneEvent).toBeUndefined();
    expect(planned(offered(), { outboundAudio: "datachannel", pcmu: true }).outbound).toBeUndefined();
    const listens = offered((sdp) => sdp.replace("a=sendrecv", "a=recvonly"));
    const plan = planned(listens, { outboundAudio: "opus", pcmu: true });
    expect(plan.outbound?.telephoneEvent?.payloadType).toBe(110);
    expect(names(plan)).toBe("111 opus, 110 telephone-event");
  });
});
