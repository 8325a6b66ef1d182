/** A body as an operator reads it. */
export interface BodyView {
  readonly format: 'json' | 'ndjson' | 'xml' | 'text' | 'hidden';
  /** Indented; secrets never, what is personal masked unless the key may see it. */
  readonly text: string;
  /** What is not shown of it, and why. */
  readonly note?: string;
}
