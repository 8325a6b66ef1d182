import { html } from 'hono/html';
import { type CatalogueChange, changesInSteps } from '#core/catalogue/catalogue-diff';
import { changeText } from '#core/catalogue/catalogue-words';
import type { Service } from '#schemas/service.upsert.v1';
import type { StoredVersion } from '../catalogue/read-versions.ts';
import { mapYielding, nextTurn } from '../concurrency/yielding.ts';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';
import { moment } from './words.ts';

/** The number of versions that the page compares. The API has all of them. */
export const LOOKED_AT = 10;
const VERSIONS = 5;
const LINES = 8;

/** A version with changes, and the changes that the page shows. */
export interface ChangedVersion {
  readonly changedAt: string;
  readonly changes: readonly CatalogueChange[];
  readonly more: number;
}

/** The newest versions with changes, newest first. Comparing yields regularly to other requests. */
export async function lastChanged(versions: readonly StoredVersion[]): Promise<readonly ChangedVersion[]> {
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

/** The latest changes of a service, as readable lines. Empty when it never changed. */
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

/** The time when a service went out of force, if its versions show it. */
export function endedAt(versions: readonly StoredVersion[]): string | undefined {
  const isInForce = ({ record }: StoredVersion): boolean => (record as Service).inForce;
  const last = versions.findIndex(isInForce);
  return last > 0 ? versions[last - 1]?.changedAt : undefined;
}
