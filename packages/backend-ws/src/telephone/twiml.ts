/** The answer to an incoming call: connect it to our media stream. */
export function streamTwiml(url: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="${escapeXml(url)}"/></Connect></Response>`;
}

/** The answer to an incoming call that cannot be taken now. */
export const busyTwiml = `<?xml version="1.0" encoding="UTF-8"?><Response><Reject reason="busy"/></Response>`;

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
