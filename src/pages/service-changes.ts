import { html } from 'hono/html';
import { type CatalogueChange, changesInSteps } from '#core/catalogue/catalogue-diff';
import { changeText } from '#core/catalogue/catalogue-words';
import type { Service } from '#schemas/service.upsert.v1';
import type { KeptVersion } from '../catalogue/versions.ts';
import { mapYielding, nextTurn } from '../concurrency/yielding.ts';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';
import { moment } from './words.ts';

/** How many versions are looked at for the page; all are in the API. */
export const LOOKED_AT = 10;
const VERSIONS = 5;
const LINES = 8;

/** A version that changed something, and as many of its changes as are shown. */
export interface ChangedVersion {
  readonly changedAt: string;
  readonly changes: readonly CatalogueChange[];
  readonly more: number;
}

/** The last versions that changed something, the newest first: as many as are shown are compared, in turns with all else. */
export async function lastChanged(versions: readonly KeptVersion[]): Promise<readonly ChangedVersion[]> {
  const changed: ChangedVersion[] = [];
  for (const { before, record, changedAt } of versions) {
    const steps = before ? changesInSteps(before, record) : [];
    const changes = (await mapYielding(steps, (change) => change ?? [])).flat();
    await nextTurn();
    if (changes.length === 0) continue;
    changed.push({ changedAt, changes: changes.slice(0, LINES), more: Math.max(0, changes.length - LINES) });
    if (changed.length === VERSIONS) break;
  }
  return changed;
}

/** The last changes of a service in lines that people read; nothing where it never changed. */
export function serviceChanges(say: Say, versions: readonly ChangedVersion[]): Html | '' {
  if (versions.length === 0) return '';
  const language = say('vi', 'en') === 'en' ? 1 : 0;
  return html`<h2 id="changes">${say('Thay đổi', 'Changes')}</h2>
<ol class="card changes">${versions.map(
    ({ changedAt, changes, more }) => html`<li><p class="note">${moment(changedAt)}</p>
<ul>${changes.map((change) => html`<li>${changeText('service', change, language)}</li>`)}${
      more > 0 ? html`<li>${say(`và ${more} thay đổi khác`, `and ${more} more`)}</li>` : ''
    }</ul></li>`,
  )}</ol>`;
}

/** Since when a service is out of force, where its versions tell; the newest first. */
export function endedAt(versions: readonly KeptVersion[]): string | undefined {
  const isInForce = ({ record }: KeptVersion): boolean => (record as Service).inForce;
  const last = versions.findIndex(isInForce);
  return last > 0 ? versions[last - 1]?.changedAt : undefined;
}
