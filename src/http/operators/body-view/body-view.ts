/** A body as an operator sees it. */
export interface BodyView {
  readonly format: 'json' | 'ndjson' | 'xml' | 'text' | 'hidden';
  /** Indented. Secrets are always masked, personal data unless the key may see it. */
  readonly text: string;
  /** Which part is not shown, and why. */
  readonly note?: string;
}
