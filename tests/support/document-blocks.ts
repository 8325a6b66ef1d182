/** A fenced block of a Markdown page. */
export interface DocumentBlock {
  readonly language: string;
  readonly text: string;
  /** The line of its opening fence, from 1. */
  readonly line: number;
}

/** The fenced blocks of a page, in order. */
export function fencedBlocks(markdown: string): readonly DocumentBlock[] {
  return [...markdown.matchAll(/^```(\w*)[^\n]*\n(.*?)^```$/gms)].map(({ index, 1: language = '', 2: text = '' }) => ({
    language,
    text,
    line: markdown.slice(0, index).split('\n').length,
  }));
}
