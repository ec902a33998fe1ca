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
    expect(plan.outbound).toEqual({ codec: "opus", payloadType: 111 });
  });

  it("answers Opus in and PCMU out on one section", () => {
    const plan = planned(offered(), { outboundAudio: "pcmu", pcmu: true });
    expect(names(plan)).toBe("111 opus, 0 pcmu, 110 telephone-event");
    expect([plan.inbound?.codec, plan.outbound?.codec]).toEqual(["opus", "pcmu"]);
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
    expect(planned(firefox, { outboundAudio: "opus", pcmu: true }).inbound?.telephoneEvent).toBe(126);
  });
});
