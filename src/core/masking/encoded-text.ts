/** A run of base64, as tokens and payloads have it. A shorter one holds no person. */
const RUN = /[A-Za-z0-9+/_-]{24,}={0,2}/g;
/** A longer one is a file. */
const LONGEST = 100_000;
const UTF8 = new TextDecoder('utf-8', { fatal: true });
/** A file is no text, and has control characters besides those of lines. */
const CONTROL = /(?![\t\n\v\f\r])\p{Cc}/u;

/**
 * The text with its runs of base64 replaced, also in the alphabet for addresses. Runs that hold no text stay, such as files
 * and hashes.
 *
 * @param replace what takes the place of a run that holds this text
 */
export function replaceEncoded(text: string, replace: (held: string, run: string) => string): string {
  return text.replace(RUN, (run) => {
    const held = textIn(run);
    return held === undefined ? run : replace(held, run);
  });
}

function textIn(run: string): string | undefined {
  if (run.length > LONGEST) return undefined;
  try {
    const bytes = atob(run.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/'));
    const text = UTF8.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    return CONTROL.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
