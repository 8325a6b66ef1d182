import { html } from 'hono/html';
import { operationId } from './openapi.ts';
import type { RouteDoc } from './route.ts';

/**
 * Every operation by its tag, each a link to its description. Swagger UI draws only the operations in view when there are more than
 * 140, so a search of the browser finds an operation here.
 */
export function operationIndex(docs: readonly RouteDoc[]): string {
  const tags = [...new Set(docs.map(({ tag }) => tag))];
  const part = (tag: string) => {
    const own = docs.filter((doc) => doc.tag === tag);
    return html`<details open><summary>${tag} (${own.length})</summary><ul>${own.map(
      (doc) =>
        html`<li><a href="#/${encodeURIComponent(tag)}/${operationId(doc)}"><code>${doc.method.toUpperCase()} ${doc.path}</code></a> ${inWords(doc.summary)}</li>
`,
    )}</ul></details>`;
  };
  return String(html`<nav id="index" aria-label="Operations">${tags.map(part)}</nav>`);
}

/** A summary with its `code` as code. */
function inWords(summary: string): ReturnType<typeof html> {
  const parts = summary.split('`');
  return html`${parts.map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}
