import type { AudioFrame } from "@roomkit/core";
import { ArrivalJitter } from "./arrival-jitter.ts";
import type { FrameDecoder } from "./frame-decoder.ts";
import { type BufferedPacket, JitterBuffer, type JitterStats, type Playout } from "./jitter-buffer.ts";
import { parseRed } from "./red.ts";
import { parseRtp, type RtpPacket, timestampDelta } from "./rtp.ts";
import { RtpSources } from "./rtp-sources.ts";
import { TelephoneEvents } from "./telephone-event.ts";

export interface AudioReceiverOptions {
  readonly decoder: FrameDecoder;
  readonly payloadTypes: {
    readonly audio: number;
    readonly red?: number | undefined;
    readonly telephoneEvent?: number | undefined;
  };
  readonly onFrame: (frame: AudioFrame) => void;
  readonly onDigit: (digit: string) => void;
  /** Whether `ms` more of audio may be taken: a sender faster than real time is cut down here. */
  readonly admit: (ms: number) => boolean;
  /** Something was dropped, by reason. */
  readonly onDrop: (reason: string) => void;
}

export interface ReceiverStats extends JitterStats {
  /** What was made up in place of lost packets, ms. */
  readonly concealedMs: number;
  /** How unevenly packets arrive, ms. */
  readonly jitterMs: number;
}

/** A lost stretch is concealed this long, then silent, ms. */
const MAX_CONCEAL_MS = 100;
/** A gap in the timestamps longer than this is not filled at once, ms. */
const MAX_FILL_MS = 1_000;
/**
 * Nothing for this long, and silence takes the place of the stream, ms. More than a busy sender or a busy machine may be late by: silence
 * that is put in before late packets come tears words apart. Senders that leave silence out say so by their timestamps.
 */
const IDLE_MS = 400;
/** The same of a sender that has said that it falls silent (DTX, comfort noise): as long as a packet may be late for its turn, ms. */
const QUIET_MS = 60;
const SILENCE_STEP_MS = 20;
/** A call of `tick` this long after the last means that the event loop stood still: what arrived meanwhile has not been read yet, ms. */
const STALL_MS = 50;
const MAX_PACKET_MS = 120;
/** RFC 3389; the payload type is static, and some senders use it unasked. */
const COMFORT_NOISE = 13;
const NOTHING = new Uint8Array(0);

/**
 * The caller's audio: RTP packets in, one unbroken line of frames out. What is lost is recovered (in-band FEC, RED) or
 * concealed; where the sender sends nothing (DTX, a muted track, comfort noise) there is silence, so that whoever listens for the
 * end of speech hears it. Of several sources one is heard, see {@link RtpSources}; whatever else comes of it (padding, touch
 * tones, comfort noise, payload types nobody agreed on) has its place in the order and is neither waited for nor lost.
 */
export class AudioReceiver {
  readonly #options: AudioReceiverOptions;
  readonly #buffer = new JitterBuffer();
  readonly #jitter = new ArrivalJitter();
  readonly #digits = new TelephoneEvents();
  readonly #sources = new RtpSources();
  #samples = 0;
  /** RTP timestamp that continues the line; undefined before the first packet of a source. */
  #expected: number | undefined;
  #begun = false;
  /** Wall time (ms) minus position (ms) of the line at its beginning. */
  #originMs = 0;
  #lastPacketAt = 0;
  #lastTickAt = 0;
  #waitedForReads = false;
  #lastDurationMs = 20;
  #concealedMs = 0;
  /** The sender has said that it falls silent, and nothing else since. */
  #quiet = false;

  constructor(options: AudioReceiverOptions) {
    this.#options = options;
  }

  get stats(): ReceiverStats {
    return { ...this.#buffer.stats, concealedMs: this.#concealedMs, jitterMs: this.#jitter.ms };
  }

  /** Takes an RTP packet that arrived at `now`, ms. */
  receive(data: Uint8Array, now: number): void {
    const packet = parseRtp(data);
    if (!packet) {
      this.#options.onDrop("rtp_malformed");
      return;
    }
    const { payloadTypes, onDrop } = this.#options;
    const { payloadType, payload, ssrc, sequence } = packet;
    const sounds = payload.length > 0 && (payloadType === payloadTypes.audio || payloadType === payloadTypes.red);
    if (payloadType === payloadTypes.telephoneEvent) this.#tone(packet);
    else if (!sounds && payload.length > 0 && payloadType !== COMFORT_NOISE) onDrop("rtp_payload_type");
    const verdict = this.#sources.judge(ssrc, sequence, sounds, now);
    if (verdict === "other") {
      if (sounds) onDrop("rtp_other_source");
      return;
    }
    if (verdict === "begins") this.#beginSource(now);
    if (sounds) this.#jitter.add(packet.timestamp, this.#options.decoder.clockRate, now);
    if (sounds && payloadType === payloadTypes.red) this.#pushRed(packet, now);
    else {
      const silent = payloadType === COMFORT_NOISE;
      this.#buffer.push({ ...packet, payload: sounds ? payload : NOTHING, silent }, now);
    }
    this.#drain(now);
  }

  /** Call every 20 ms or so: gives up on packets that are overdue, and fills silence in. */
  tick(now: number): void {
    // After a stall timers run before sockets are read. What seems overdue then waits in the kernel: it has until the next tick.
    const stalled = now - this.#lastTickAt > STALL_MS && !this.#waitedForReads;
    this.#lastTickAt = now;
    this.#waitedForReads = stalled;
    if (stalled) return;
    this.#drain(now);
    const late = this.#quiet ? QUIET_MS : IDLE_MS;
    if (this.#expected === undefined || now - this.#lastPacketAt < late) return;
    // Never more than what is missing up to now, less what may still be on its way.
    const missing = now - late - this.#originMs - this.#positionMs;
    for (let ms = Math.min(missing, MAX_FILL_MS); ms >= SILENCE_STEP_MS; ms -= SILENCE_STEP_MS)
      this.#silence(SILENCE_STEP_MS);
    if (missing > MAX_FILL_MS) this.#originMs += missing - MAX_FILL_MS;
  }

  close(): void {
    this.#options.decoder.close();
  }

  get #positionMs(): number {
    return (this.#samples * 1000) / this.#options.decoder.sampleRate;
  }

  #tone(packet: RtpPacket): void {
    const digit = this.#digits.receive(packet);
    if (digit !== undefined) this.#options.onDigit(digit);
  }

  /** What the source before has left goes out; its order and timestamps are no measure of the new one's. */
  #beginSource(now: number): void {
    this.#drain(now, Number.POSITIVE_INFINITY);
    this.#buffer.restart();
    this.#jitter.restart();
    this.#expected = undefined;
  }

  #pushRed(packet: RtpPacket, now: number): void {
    const { payloadTypes, onDrop } = this.#options;
    const blocks = parseRed(packet.payload);
    if (!blocks) onDrop("red_malformed");
    for (const [i, block] of (blocks ?? [{ payloadType: -1, timestampOffset: 0, payload: NOTHING }]).entries()) {
      const back = blocks ? blocks.length - 1 - i : 0;
      const timestamp = (packet.timestamp - block.timestampOffset) >>> 0;
      if (block.payloadType === payloadTypes.telephoneEvent)
        this.#tone({ ...packet, timestamp, payload: block.payload });
      const sounds = block.payloadType === payloadTypes.audio && block.payload.length > 0;
      // Before the first packet of the source an older copy would set its beginning.
      if (back > 0 && (!sounds || !this.#buffer.begun)) continue;
      this.#buffer.push(
        {
          sequence: (packet.sequence - back) & 0xffff,
          timestamp,
          payload: sounds ? block.payload : NOTHING,
          redundant: back > 0,
        },
        now,
      );
    }
  }

  /** Plays what may be played at `now`; `until`: as if it were that late. */
  #drain(now: number, until = now): void {
    for (let next = this.#buffer.pop(until); next; next = this.#buffer.pop(until)) this.#play(next, now);
  }

  #play(playout: Playout, now: number): void {
    if (playout.type === "lost") {
      this.#makeUp(playout);
      return;
    }
    const { packet } = playout;
    // It has a time as any other: what is heard of it late, or twice, is not so any more.
    if (packet.silent) {
      this.#quiet = true;
      return;
    }
    const { decoder, onDrop, admit } = this.#options;
    this.#expected ??= this.#beginning(packet, now);
    const gapMs = (timestampDelta(packet.timestamp, this.#expected) * 1000) / decoder.clockRate;
    // RED does not say which packet a copy is of: with padding or tones in between it may have been played.
    if (packet.redundant && gapMs <= -SILENCE_STEP_MS / 2) return;
    this.#lastPacketAt = now;
    // The sender left silence out. A gap already filled while waiting is behind us, and one too large is a new beginning.
    if (gapMs >= SILENCE_STEP_MS / 2 && gapMs <= MAX_FILL_MS) this.#silence(gapMs);
    const silentMs = decoder.silenceOf(packet.payload);
    this.#quiet = silentMs !== undefined;
    if (silentMs !== undefined) {
      // Of what the clock has filled in already nothing is silent twice.
      const ms = Math.max(0, silentMs + Math.min(0, gapMs));
      if (admit(ms)) this.#silence(ms);
      else onDrop("audio_too_fast");
      this.#endAt(packet, silentMs);
      return;
    }
    let samples: Int16Array;
    try {
      samples = decoder.decode(packet.payload);
    } catch {
      onDrop("audio_malformed");
      return;
    }
    const ms = (samples.length * 1000) / decoder.sampleRate;
    this.#endAt(packet, ms);
    if (!admit(ms)) {
      onDrop("audio_too_fast");
      return;
    }
    this.#emit(samples);
  }

  #endAt({ timestamp }: BufferedPacket, ms: number): void {
    this.#lastDurationMs = ms;
    this.#expected = (timestamp + Math.round((ms * this.#options.decoder.clockRate) / 1000)) >>> 0;
  }

  /** Where a source begins. Between it and the one before there may have been nothing, which its timestamps do not tell. */
  #beginning(packet: BufferedPacket, now: number): number {
    if (!this.#begun) this.#originMs = now - this.#positionMs;
    this.#begun = true;
    const quietMs = now - this.#lastPacketAt - this.#lastDurationMs;
    const missingMs = Math.min(now - this.#originMs - this.#positionMs, quietMs, MAX_FILL_MS);
    if (missingMs >= SILENCE_STEP_MS / 2) this.#silence(missingMs);
    return packet.timestamp;
  }

  /** Fills the place of lost packets: what the next packet carries of the last of them, before that what the decoder makes up. */
  #makeUp({ count, next }: Extract<Playout, { type: "lost" }>): void {
    const { decoder } = this.#options;
    if (this.#expected === undefined) return;
    const gapMs = (timestampDelta(next.timestamp, this.#expected) * 1000) / decoder.clockRate;
    const quiet = this.#quiet;
    // What is silent before and after has no words in between.
    if (quiet && decoder.silenceOf(next.payload) !== undefined) return;
    // The timestamps know how long it was; packets of 20 ms are only a guess, and in silence there are few.
    const lostMs = Math.min(Math.max(0, gapMs), quiet ? MAX_FILL_MS : count * MAX_PACKET_MS, MAX_FILL_MS);
    const lastMs = roundFrame(Math.min(this.#lastDurationMs, lostMs, 60));
    if (lastMs <= 0) return;
    const beforeMs = lostMs - lastMs;
    const concealMs = quiet ? 0 : roundFrame(Math.min(beforeMs, MAX_CONCEAL_MS));
    if (concealMs > 0) this.#madeUp(decoder.conceal(concealMs), concealMs);
    if (beforeMs - concealMs >= SILENCE_STEP_MS / 2) this.#silence(beforeMs - concealMs);
    try {
      this.#madeUp(decoder.recover(next.payload, lastMs), lastMs);
    } catch {
      // Not an Opus packet: it will be dropped in its turn.
      this.#madeUp(decoder.conceal(lastMs), lastMs);
    }
  }

  #madeUp(samples: Int16Array, ms: number): void {
    this.#concealedMs += ms;
    this.#advance(ms);
    this.#emit(samples);
  }

  #silence(ms: number): void {
    if (ms <= 0) return;
    const { sampleRate } = this.#options.decoder;
    this.#advance(ms);
    this.#emit(new Int16Array(Math.round((ms * sampleRate) / 1000)));
  }

  #advance(ms: number): void {
    if (this.#expected === undefined) return;
    this.#expected = (this.#expected + Math.round((ms * this.#options.decoder.clockRate) / 1000)) >>> 0;
  }

  #emit(samples: Int16Array): void {
    const { sampleRate } = this.#options.decoder;
    const timestamp = this.#positionMs;
    this.#samples += samples.length;
    this.#options.onFrame({ samples, sampleRate, channels: 1, timestamp });
  }
}

/** Down to a multiple of 2.5 ms, which is what Opus counts in. */
function roundFrame(ms: number): number {
  return Math.floor(ms / 2.5 + 1e-9) * 2.5;
}
