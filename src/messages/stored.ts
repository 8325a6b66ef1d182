import { quotedText, type Words } from './message.ts';
import { isWords } from './render.ts';

/** Words as one text, for columns and kept bodies. */
export function wordsText({ code, args }: Words): string {
  return JSON.stringify({ code, args });
}

/** Words of a stored text. A sentence of a version that stored sentences stays as it is. */
export function storedWords(text: string): Words {
  if (!text.startsWith('{"code":')) return quotedText(text);
  try {
    const value: unknown = JSON.parse(text);
    return isWords(value) ? value : quotedText(text);
  } catch {
    return quotedText(text);
  }
}
