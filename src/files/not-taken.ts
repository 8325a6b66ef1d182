import type { Words } from '#messages/message';
import { render } from '#messages/render';

/** A file that a rule refuses. Nothing of it is stored. */
export class NotTaken extends Error {
  readonly reason: 'empty' | 'too-large' | 'quota' | 'type' | 'infected' | 'digest' | 'base64' | 'store';
  readonly words: Words;
  constructor(reason: NotTaken['reason'], words: Words) {
    super(render(words, 'en'));
    this.reason = reason;
    this.words = words;
  }
}
