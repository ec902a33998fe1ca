/** What of an RTP packet is looked at; of any library's. */
export interface SeenPacket {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** A press as RFC 4733 has it told, read without any code of this package. */
export interface SeenEvent {
  readonly digit: string;
  readonly timestamp: number;
  /** Of its last packet, in its clock. */
  duration: number;
  /** The same in ms, as the track's 48 kHz and 20 ms a packet have it. */
  durationMs: number;
  packets: number;
  markers: number;
  /** Its first packet has the marker, and says that the key is down or just up. */
  readonly markedFirst: boolean;
  /** No packet has a shorter duration than the one before. */
  grows: boolean;
  /** Packets with the end bit; none without came after the first of them. */
  ends: number;
}

/** The presses in some packets, by their timestamps. */
export function readEvents(packets: readonly SeenPacket[], payloadType: number, clockRate = 48_000): SeenEvent[] {
  const events = new Map<number, SeenEvent>();
  for (const { marker, timestamp, payload } of packets.filter((p) => p.payloadType === payloadType)) {
    const [code = 0, flags = 0, high = 0, low = 0] = payload;
    const duration = (high << 8) | low;
    const event = events.get(timestamp) ?? {
      digit: "0123456789*#ABCD"[code] as string,
      timestamp,
      duration: 0,
      durationMs: 0,
      packets: 0,
      markers: 0,
      markedFirst: marker,
      grows: true,
      ends: 0,
    };
    events.set(timestamp, event);
    if (duration < event.duration || (event.ends > 0 && flags < 0x80)) event.grows = false;
    event.duration = duration;
    event.durationMs = (duration * 1000) / clockRate;
    event.packets++;
    event.markers += marker ? 1 : 0;
    event.ends += flags >> 7;
  }
  return [...events.values()];
}
