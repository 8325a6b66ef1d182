import type { Words } from '#messages/message';
import { render } from '#messages/render';

/** A body as an operator sees it. */
export interface BodyView {
  readonly format: 'json' | 'ndjson' | 'xml' | 'text' | 'hidden';
  /** Indented. Secrets are always masked, personal data unless the key may see it. */
  readonly text: string;
  /** Which part is not shown, and why: in English, and as words. */
  readonly note?: string;
  readonly words?: Words;
}

/** A note about what is not shown. */
export function noteOf(words: Words | undefined): Pick<BodyView, 'note' | 'words'> {
  return words === undefined ? {} : { note: render(words, 'en'), words };
}
