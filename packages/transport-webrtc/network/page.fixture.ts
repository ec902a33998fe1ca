/**
 * A page that calls its own server over WebRTC as the seed's client does, with the server's ICE servers, and counts what comes.
 * `call({ relay: true })` allows TURN only; `camera` offers video besides, `first` or `last`.
 */
export const page = `<!doctype html><meta charset="utf-8"><title>caller</title><script>
window.seen = { messages: [], states: [], media: 0 };
window.call = async ({ relay = false, turn, bundlePolicy = 'balanced', camera } = {}) => {
  const { iceServers } = await (await fetch('/rtc-realtime/config')).json();
  const servers = turn ? iceServers.map(s => ({ ...s, urls: [].concat(s.urls).filter(u => u.includes(turn)) })) : iceServers;
  const pc = (window.pc = new RTCPeerConnection({ iceServers: servers, iceTransportPolicy: relay ? 'relay' : 'all', bundlePolicy }));
  window.usedServers = servers;
  const id = crypto.randomUUID();
  const post = body => fetch('/rtc-realtime/webrtc/offer', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, webrtc_id: id }),
  });
  pc.onconnectionstatechange = () => seen.states.push(pc.connectionState);
  pc.onicecandidate = ({ candidate }) => {
    if (candidate) post({ candidate: candidate.toJSON(), type: 'ice-candidate' });
  };
  pc.ontrack = ({ streams }) => {
    const audio = (window.audio = new Audio());
    audio.srcObject = streams[0];
    audio.play();
  };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  if (camera === 'first') pc.addTransceiver('video');
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  if (camera === 'last') pc.addTransceiver('video');
  const channel = (window.channel = pc.createDataChannel('text'));
  channel.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.event === 'media') seen.media += atob(message.media.payload).length;
    else seen.messages.push(message);
  };
  const opened = new Promise(resolve => (channel.onopen = resolve));
  await pc.setLocalDescription(await pc.createOffer());
  const answer = await (await post({ sdp: pc.localDescription.sdp, type: 'offer' })).json();
  if (answer.type !== 'answer') throw new Error(JSON.stringify(answer));
  await pc.setRemoteDescription(answer);
  await opened;
  channel.send(JSON.stringify({ event: 'text', text: 'over the channel' }));
};
/** Packets of audio each way, and the kinds of the candidates in use. */
window.count = async () => {
  const stats = [...(await pc.getStats()).values()];
  const of = type => stats.find(s => s.type === type && (s.kind ?? 'audio') === 'audio');
  const pair = stats.find(s => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded');
  const kind = id => stats.find(s => s.id === id)?.candidateType;
  const local = stats.find(s => s.id === pair?.localCandidateId);
  return {
    sent: of('outbound-rtp')?.packetsSent ?? 0,
    received: of('inbound-rtp')?.packetsReceived ?? 0,
    local: pair && kind(pair.localCandidateId),
    relayProtocol: local?.relayProtocol,
    messages: seen.messages,
    media: seen.media,
  };
};
</script>`;

/** What the page's `count()` gives. */
export interface PageCount {
  readonly sent: number;
  readonly received: number;
  readonly local?: string;
  readonly relayProtocol?: string;
  readonly messages: readonly { readonly type?: string; readonly data?: { readonly text?: string } }[];
  /** Bytes of mu-law that came over the data channel. */
  readonly media: number;
}
