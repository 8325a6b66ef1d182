import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import type { Body } from './records.ts';

/** The kinds of pieces in a body, for colours: names, texts, and the rest. */
const PIECES = {
  json: /(?<name>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<text>"(?:[^"\\]|\\.)*")|(?<other>[^"]+|")/g,
  xml: /(?<name><\/?[^\s<>]+|\/?>|\?>)|(?<text>"[^"<>]*")|(?<other>[^<>"]+|["<>])/g,
} as const;

/** Larger bodies have no colours: the markup would be most of the page. Twice this size took 96 ms. */
const LONGEST_COLOURED = 30_000;

/** Shows a body, JSON or XML, indented and coloured. */
export function bodyOf(say: Say, { format, text, note }: Body): Html {
  const hint = note ? html`<p class="note">${note}</p>` : '';
  if (format === 'hidden')
    return html`<p class="note">${say('Không hiện nội dung.', 'The body is not shown.')}</p>${hint}`;
  if (text === '') return html`<p class="note">${say('Rỗng.', 'Empty.')}</p>${hint}`;
  return html`${hint}<pre tabindex="0" aria-label="${format.toUpperCase()}"><code>${coloured(format, text)}</code></pre>`;
}

function coloured(format: string, text: string): Html | string {
  const pieces = format === 'xml' ? PIECES.xml : /json/.test(format) ? PIECES.json : undefined;
  if (!pieces || text.length > LONGEST_COLOURED) return text;
  return html`${[...text.matchAll(pieces)].map(({ groups = {} }) => {
    if (groups.name !== undefined) return html`<b>${groups.name}</b>`;
    return groups.text !== undefined ? html`<i>${groups.text}</i>` : (groups.other ?? '');
  })}`;
}
