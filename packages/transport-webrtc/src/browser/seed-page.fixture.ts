/**
 * The seed's browser client, its WebRTC part as it stands there, with what a test must read put on `window`: the peer
 * connection, what came over the data channel, and meters on both ways of hearing the server.
 */
export function seedPage(path: string): string {
  return `<!doctype html><meta charset="utf-8"><title>seed client</title><script>
window.seen = { transcriptions: [], messages: [], media: [], channelState: "new", states: [], closed: false };
const MULAW = new Float32Array(256);
for (let i = 0; i < 256; i++) {
  const u = ~i & 255, e = (u >> 4) & 7, m = u & 15, s = ((m * 2 + 33) << (e + 2)) - 132;
  MULAW[i] = (u & 128 ? -s : s) / 32768;
}
window.connect = async (headers = {}) => {
  const pc = (window.pc = new RTCPeerConnection());
  const webrtcId = (window.webrtcId = crypto.randomUUID());
  pc.onconnectionstatechange = () => seen.states.push(pc.connectionState);
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  stream.getTracks().forEach(track => pc.addTrack(track, stream));
  const dc = (window.dc = pc.createDataChannel('text'));
  dc.onopen = () => { seen.channelState = "open"; };
  dc.onclose = () => { seen.channelState = "closed"; seen.closedAt = performance.now(); };
  dc.onmessage = (event) => {
    const data = JSON.parse(event.data);
    seen.messages.push(data.type ?? data.event);
    if (data.type === 'transcription') seen.transcriptions.push(data.data);
    if (data.event === 'media') {
      const bytes = Uint8Array.from(atob(data.media.payload), c => c.charCodeAt(0));
      for (const b of bytes) seen.media.push(MULAW[b]);
    }
  };
  pc.ontrack = (event) => {
    const audio = (window.audio = new Audio());
    audio.srcObject = event.streams[0];
    audio.play();
    const context = (window.context = new AudioContext({ sampleRate: 48000 }));
    const analyser = (window.analyser = context.createAnalyser());
    analyser.fftSize = 16384;
    context.createMediaStreamSource(event.streams[0]).connect(analyser);
  };
  pc.onicecandidate = ({ candidate }) => {
    if (candidate) {
      fetch('${path}/webrtc/offer', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ candidate: candidate.toJSON(), webrtc_id: webrtcId, type: 'ice-candidate' }),
      });
    }
  };
  const offer = await pc.createOffer();
  await pc.setLocalDescription(offer);
  const started = performance.now();
  const resp = await fetch('${path}/webrtc/offer', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ sdp: offer.sdp, type: offer.type, webrtc_id: webrtcId }),
  });
  const answer = await resp.json();
  seen.answerMs = performance.now() - started;
  await pc.setRemoteDescription(answer);
};
/** The strongest frequency of the remote track, Hz, and its level, dB. */
window.peak = () => {
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  let best = 0;
  for (let i = 1; i < bins.length; i++) if (bins[i] > bins[best]) best = i;
  return { hz: (best * context.sampleRate) / analyser.fftSize, db: bins[best] };
};
</script>`;
}
