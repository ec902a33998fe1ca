/// <reference lib="dom" />
/** What a page's caller is made of; everything in here runs in the page. */

export interface PageCaller {
  /** What has happened since so many levels and messages; the messages with their moments in ms. */
  look(levels: number, messages: number): { levels: number[]; messages: [atMs: number, text: string][] };
  /** Base64 of 16-bit samples at the context's rate. */
  speak(samples: string): number;
}

export interface PageOptions {
  readonly echo: { readonly db: number; readonly delayMs: number } | undefined;
  readonly rate: number;
  readonly noiseDb: number;
  readonly nothingDb: number;
  readonly stretch: number;
}

/** The global name of the caller in the page. */
export const CALLER = "situationCaller";

/**
 * Gives the page a microphone that is Web Audio: noise, what the caller says, and the echo of what the page's loudspeaker plays, sample by sample. Runs
 * before anything of the page's own; needs all it uses inside it.
 */
export function installCaller({ echo, rate, noiseDb, nothingDb, stretch }: PageOptions): void {
  const context = new AudioContext({ sampleRate: rate });
  const microphone = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  const loudspeaker = new GainNode(context);
  const levels: number[] = [];
  const messages: [number, string][] = [];
  const nowMs = (): number => (levels.length * stretch * 1000) / rate;

  const noise = new AudioBuffer({ length: rate * 3, sampleRate: rate });
  const samples = noise.getChannelData(0);
  const loud = 10 ** (noiseDb / 20) * Math.sqrt(3);
  for (let i = 0; i < samples.length; i++) samples[i] = loud * (2 * Math.random() - 1);
  const hiss = new AudioBufferSourceNode(context, { buffer: noise, loop: true });
  hiss.connect(microphone);
  hiss.start();
  if (echo) {
    const delay = new DelayNode(context, { delayTime: echo.delayMs / 1000 });
    loudspeaker
      .connect(delay)
      .connect(new GainNode(context, { gain: 10 ** (echo.db / 20) }))
      .connect(microphone);
  }

  const meter = `registerProcessor("meter", class extends AudioWorkletProcessor {
    sum = 0;
    frame = 0;
    process([[samples]]) {
      // What was before it began was silent.
      for (; this.frame < currentFrame; this.frame++) if (this.frame % ${stretch} === ${stretch - 1}) this.tell();
      for (let i = 0; i < 128; i++, this.frame++) {
        const sample = samples?.[i] ?? 0;
        this.sum += sample * sample;
        if (this.frame % ${stretch} === ${stretch - 1}) this.tell();
      }
      return true;
    }
    tell() {
      this.port.postMessage(Math.max(${nothingDb}, 10 * Math.log10(this.sum / ${stretch})));
      this.sum = 0;
    }
  })`;
  const ready = context.audioWorklet
    .addModule(URL.createObjectURL(new Blob([meter], { type: "text/javascript" })))
    .then(() => {
      const node = new AudioWorkletNode(context, "meter", { channelCount: 1, channelCountMode: "explicit" });
      node.port.onmessage = ({ data }) => levels.push(data);
      loudspeaker
        .connect(node)
        .connect(new GainNode(context, { gain: 0 }))
        .connect(context.destination);
    });

  // Far end: what an element plays of a stream, for as long as it does.
  const { get, set } = Object.getOwnPropertyDescriptor(
    HTMLMediaElement.prototype,
    "srcObject",
  ) as Required<PropertyDescriptor>;
  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    get,
    set(this: HTMLMediaElement, stream: MediaStream | null) {
      set.call(this, stream);
      if (!stream || stream.getAudioTracks().length === 0) return;
      const playing = new GainNode(context);
      this.addEventListener("volumechange", () => playing.gain.setValueAtTime(this.muted ? 0 : 1, context.currentTime));
      context.createMediaStreamSource(stream).connect(playing).connect(loudspeaker);
    },
  });

  navigator.mediaDevices.getUserMedia = async () => {
    await ready;
    // The page stops what it was given; another call needs another.
    return new MediaStream(microphone.stream.getTracks().map((track) => track.clone()));
  };

  const { createDataChannel } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createDataChannel = function (...args) {
    const channel = createDataChannel.apply(this, args);
    channel.addEventListener("message", ({ data }) => {
      if (typeof data === "string") messages.push([nowMs(), data]);
    });
    return channel;
  };

  const caller: PageCaller = {
    look: (seenLevels, seenMessages) => ({ levels: levels.slice(seenLevels), messages: messages.slice(seenMessages) }),
    speak(base64) {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      const pcm = new Int16Array(bytes.buffer);
      const buffer = new AudioBuffer({ length: pcm.length, sampleRate: rate });
      buffer.copyToChannel(
        Float32Array.from(pcm, (sample) => sample / 32_768),
        0,
      );
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(microphone);
      const at = context.currentTime + 0.02;
      source.start(at);
      return at * 1000;
    },
  };
  Object.assign(globalThis, { situationCaller: caller });
}
