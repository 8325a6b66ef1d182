import { html } from 'hono/html';
import { catalogueChanges } from '#core/catalogue-diff';
import { changeText } from '#core/catalogue-words';
import type { Service } from '#schemas/service.upsert.v1';
import type { KeptVersion } from '../catalogue/versions.ts';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';
import { moment } from './words.ts';

/** How many versions are looked at for the page; all are in the API. */
export const LOOKED_AT = 10;
const VERSIONS = 5;
const LINES = 8;

/** The last changes of a service, the newest first, in lines that people read; nothing where it never changed. */
export function serviceChanges(say: Say, versions: readonly KeptVersion[]): Html | '' {
  const changed = versions.flatMap(({ before, record, changedAt }) => {
    const changes = before ? catalogueChanges(before, record) : [];
    return changes.length > 0
      ? [{ changedAt, lines: changes.map((change) => say(...changeText('service', change))) }]
      : [];
  });
  if (changed.length === 0) return '';
  return html`<h2 id="changes">${say('Thay đổi', 'Changes')}</h2>
<ol class="card changes">${changed.slice(0, VERSIONS).map(
    ({ changedAt, lines }) => html`<li><p class="note">${moment(changedAt)}</p>
<ul>${lines.slice(0, LINES).map((line) => html`<li>${line}</li>`)}${
      lines.length > LINES
        ? html`<li>${say(`và ${lines.length - LINES} thay đổi khác`, `and ${lines.length - LINES} more`)}</li>`
        : ''
    }</ul></li>`,
  )}</ol>`;
}

/** Since when a service is out of force, where its versions tell; the newest first. */
export function endedAt(versions: readonly KeptVersion[]): string | undefined {
  const isInForce = ({ record }: KeptVersion): boolean => (record as Service).inForce;
  const last = versions.findIndex(isInForce);
  return last > 0 ? versions[last - 1]?.changedAt : undefined;
}
