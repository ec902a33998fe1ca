const HEAD = '<?xml version="1.0" encoding="UTF-8"?>';

/** The answer to an incoming call: connect it to our media stream, which is told `parameters`. */
export function streamTwiml(url: string, parameters: Readonly<Record<string, string>> = {}): string {
  const told = Object.entries(parameters)
    .map(([name, value]) => `<Parameter name="${escapeXml(name)}" value="${escapeXml(value)}"/>`)
    .join("");
  const stream = told === "" ? `<Stream url="${escapeXml(url)}"/>` : `<Stream url="${escapeXml(url)}">${told}</Stream>`;
  return `${HEAD}<Response><Connect>${stream}</Connect></Response>`;
}

/** The answer to an incoming call that cannot be taken now. */
export const busyTwiml: string = `${HEAD}<Response><Reject reason="busy"/></Response>`;

/** What XML 1.0 has no way to say, not even escaped. */
const IMPOSSIBLE = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** White space too: in an attribute it would come out as a blank. */
function escapeXml(text: string): string {
  return text.replace(IMPOSSIBLE, "\ufffd").replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
