/** How long each character of a text lasts, in ms. */
export const MS_PER_CHARACTER = 20;

/**
 * Audio that says which text it speaks, without speaking it: for every character a stretch of tone whose loudness is its
 * code. {@link textOfAudio} reads it back, so that a test can see what was spoken, in which order, and whether a sample is missing.
 */
export function audioOfText(text: string, sampleRate: number): Int16Array {
  const each = Math.round((sampleRate * MS_PER_CHARACTER) / 1000);
  const samples = new Int16Array(text.length * each);
  for (let i = 0; i < text.length; i++) {
    const level = Math.min(text.charCodeAt(i), 1023) * 32;
    // A square wave of 8 samples: its peak survives any cutting, and it is no silence.
    for (let at = 0; at < each; at++) samples[i * each + at] = (at >> 2) % 2 === 0 ? level : -level;
  }
  return samples;
}

/** The text that {@link audioOfText} made these samples for. */
export function textOfAudio(samples: Int16Array, sampleRate: number): string {
  const each = Math.round((sampleRate * MS_PER_CHARACTER) / 1000);
  let text = "";
  for (let at = 0; at + each <= samples.length; at += each) {
    const level = Math.abs(samples[at + 4] as number);
    if (level >= 32) text += String.fromCharCode(Math.round(level / 32));
  }
  return text;
}
