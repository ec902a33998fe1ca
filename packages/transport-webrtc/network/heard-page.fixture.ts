/**
 * Runs in a page before its own scripts: what the page renders of its call's track is recorded beside the speaker, and where the
 * recording was when playing was silenced (`muted`) and when the server said so (`told`). The server plays a tone whose pitch rises
 * by `RISE` Hz a second from `FROM`, so that any stretch of the recording tells its own position.
 */
export const FROM = 400;
export const RISE = 400;

export const heardScript = `(() => {
  const taps = window.heard = { muted: [], told: [], blocks: [], rate: 0 };
  const now = () => taps.context ? Math.round(taps.context.currentTime * taps.rate) : 0;
  const own = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "muted");
  Object.defineProperty(HTMLMediaElement.prototype, "muted", { ...own, set(on) {
    if (on) taps.muted.push(now());
    own.set.call(this, on);
  } });
  const post = window.fetch;
  // Every datagram takes the way that is tested.
  window.fetch = (url, init) =>
    String(init?.body).includes('"ice-candidate"') ? Promise.resolve(Response.json({ status: "success" })) : post(url, init);
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(how) {
      super(how);
      taps.peer = this;
    }
    createDataChannel(...how) {
      const channel = super.createDataChannel(...how);
      channel.addEventListener("message", ({ data }) => {
        if (typeof data === "string" && /"clear(_audio)?"/.test(data)) taps.told.push(now());
      });
      return channel;
    }
    async setRemoteDescription({ type, sdp }) {
      const lines = await Promise.all(sdp.split("\\r\\n").map(async (line) => {
        const parts = line.split(" ");
        if (line.startsWith("a=candidate:")) parts[5] = await window.reroute(Number(parts[5]));
        return parts.join(" ");
      }));
      return super.setRemoteDescription({ type, sdp: lines.join("\\r\\n") });
    }
  };
  const source = \`registerProcessor("heard", class extends AudioWorkletProcessor {
    process([[input]]) {
      this.port.postMessage({ frame: currentFrame, samples: input ? input.slice() : new Float32Array(128) });
      return true;
    }
  })\`;
  taps.listen = async () => {
    const context = taps.context = new AudioContext();
    taps.rate = context.sampleRate;
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    const node = new AudioWorkletNode(context, "heard");
    node.port.onmessage = ({ data }) => taps.blocks.push(data);
    node.connect(context.destination);
    context.createMediaStreamSource(new MediaStream([taps.peer.getReceivers()[0].track])).connect(node);
  };
  const samples = (from, to) => {
    const out = new Float32Array(Math.max(0, to - from));
    for (const { frame, samples } of taps.blocks) {
      if (frame + 128 <= from || frame >= to) continue;
      for (let i = 0; i < 128; i++) if (frame + i >= from && frame + i < to) out[frame + i - from] = samples[i];
    }
    return out;
  };
  /** How much of the tone had been rendered at a frame of the recording, ms, by the pitch of the 40 ms before. */
  taps.positionAt = (frame) => {
    const window = Math.round(taps.rate * 0.04);
    const part = samples(frame - window, frame);
    const crossings = [];
    for (let i = 1; i < part.length; i++) {
      if (part[i - 1] < 0 && part[i] >= 0) crossings.push(i - 1 + part[i - 1] / (part[i - 1] - part[i]));
    }
    if (Math.hypot(...part) / Math.sqrt(part.length) < 0.02 || crossings.length < 4) return undefined;
    const hz = ((crossings.length - 1) * taps.rate) / (crossings.at(-1) - crossings[0]);
    const middle = (crossings.at(-1) + crossings[0]) / 2;
    return ((hz - ${FROM}) / ${RISE}) * 1000 + ((window - middle) / taps.rate) * 1000;
  };
  /** How much of it was rendered before the silence after a frame, ms. */
  taps.lastAfter = (frame) => {
    const part = samples(frame, frame + taps.rate);
    // What comes after the first quiet is the browser's own: it fades out what it made up.
    const quiet = Math.round(taps.rate * 0.03);
    let last = 0;
    for (let i = 0; i < part.length && i - last < quiet; i++) if (Math.abs(part[i]) > 0.15) last = i;
    const edge = Math.round(taps.rate * 0.01);
    return taps.positionAt(frame + last - edge) + 10;
  };
  taps.forget = () => {
    taps.blocks.length = taps.muted.length = taps.told.length = 0;
  };
})()`;
