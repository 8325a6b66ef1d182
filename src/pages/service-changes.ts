import { html } from 'hono/html';
import { type CatalogueChange, changesInSteps } from '#core/catalogue/catalogue-diff';
import { changeText } from '#core/catalogue/catalogue-words';
import type { Service } from '#schemas/service.upsert.v1';
import type { StoredVersion } from '../catalogue/read-versions.ts';
import { mapYielding, nextTurn } from '../concurrency/yielding.ts';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';
import { emptyState } from './parts/parts.ts';
import { moment, vietnamese } from './words.ts';

/** The number of versions that a page compares. */
export const LOOKED_AT = 10;
const VERSIONS = 5;
const LINES = 8;
const LINES_A_PAGE = 100;

/** A version with changes, and those of them that the page shows. */
export interface ChangedVersion {
  readonly version: number;
  readonly changedAt: string;
  readonly changes: readonly CatalogueChange[];
  readonly more: number;
}

/** A part of the changes, and whether it has all of them. */
export interface LastChanges {
  readonly versions: readonly ChangedVersion[];
  readonly isWhole: boolean;
}

/** Where a page of all changes begins: a version, and how many of its changes earlier pages showed. */
export interface ChangesPlace {
  readonly version: number;
  readonly line: number;
}

/** The newest versions with changes, newest first. Comparing yields regularly to other requests. */
export async function lastChanged(versions: readonly StoredVersion[]): Promise<LastChanges> {
  const changed: ChangedVersion[] = [];
  for (const [at, stored] of versions.entries()) {
    const changes = await changesOf(stored);
    if (changes.length > 0) changed.push(partOf(stored, changes, 0, LINES));
    if (changed.length === VERSIONS) return { versions: changed, isWhole: isAll(changed, versions, at) };
  }
  return { versions: changed, isWhole: isAll(changed, versions, versions.length - 1) };
}

const isAll = (changed: readonly ChangedVersion[], versions: readonly StoredVersion[], at: number): boolean =>
  at === versions.length - 1 && versions.length < LOOKED_AT && changed.every(({ more }) => more === 0);

/** A page of all changes, from a place on. @param versions from the version of the place, newest first */
export async function changedFrom(
  versions: readonly StoredVersion[],
  place: ChangesPlace | undefined,
): Promise<{ readonly changed: readonly ChangedVersion[]; readonly next: ChangesPlace | undefined }> {
  const changed: ChangedVersion[] = [];
  let room = LINES_A_PAGE;
  for (const stored of versions) {
    const changes = await changesOf(stored);
    const from = stored.version === place?.version ? place.line : 0;
    const part = partOf(stored, changes, from, room);
    if (part.changes.length > 0) changed.push(part);
    room -= part.changes.length;
    const { version } = stored;
    if (part.more > 0) return { changed, next: { version, line: from + part.changes.length } };
  }
  const last = versions.at(-1)?.version ?? 1;
  return { changed, next: last > 1 ? { version: last - 1, line: 0 } : undefined };
}

function partOf(
  { version, changedAt }: StoredVersion,
  changes: readonly CatalogueChange[],
  from: number,
  most: number,
): ChangedVersion {
  const shown = changes.slice(from, from + most);
  return { version, changedAt, changes: shown, more: Math.max(0, changes.length - from - shown.length) };
}

async function changesOf({ before, record }: StoredVersion): Promise<readonly CatalogueChange[]> {
  const steps = before ? changesInSteps(before, record) : [];
  const changes = (await mapYielding(steps, (change) => change ?? [])).flat();
  await nextTurn();
  return changes;
}

/** The latest changes of a service, as readable lines. Empty when it never changed. */
export function serviceChanges(say: Say, code: string, { versions, isWhole }: LastChanges): Html | '' {
  if (versions.length === 0) return '';
  return html`<h2 id="changes">${say('Thay đổi', 'Changes')}</h2>
${changeList(say, versions, ({ version, changes, more }) =>
  more > 0
    ? html`<li><a href="${changesPath(code, { version, line: changes.length })}">${say(`và ${more} thay đổi khác`, `and ${more} more`)}</a></li>`
    : '',
)}${isWhole ? '' : html`<p><a href="${changesPath(code)}">${say('Xem tất cả các thay đổi', 'See all changes')}</a></p>`}`;
}

/** A page of all changes of a service. */
export function allChanges(
  say: Say,
  { code, name }: Pick<Service, 'code' | 'name'>,
  { changed, next }: Awaited<ReturnType<typeof changedFrom>>,
  isLater: boolean,
): Html {
  return html`<p><a href="/services/${encodeURIComponent(code)}">« ${vietnamese(name)}</a> <span class="note">${code}</span></p>
${
  changed.length > 0
    ? changeList(say, changed, ({ more }) =>
        more > 0
          ? html`<li class="note">${say(`còn ${more} thay đổi ở trang sau`, `${more} more on the next page`)}</li>`
          : '',
      )
    : emptyState(
        'file-text',
        isLater
          ? say('Không còn thay đổi cũ hơn.', 'There are no earlier changes.')
          : say(
              'Danh mục chưa ghi nhận thay đổi nào của thủ tục này.',
              'The catalogue knows no change of this service.',
            ),
      )
}
<nav class="paging" aria-label="${say('Trang của danh sách', 'Pages of the list')}">${
    isLater ? html`<a href="${changesPath(code)}">${say('Về trang đầu', 'First page')}</a>` : ''
  } ${next ? html`<a rel="next" href="${changesPath(code, next)}">${say('Thay đổi cũ hơn', 'Earlier changes')}</a>` : ''}</nav>`;
}

function changeList(
  say: Say,
  versions: readonly ChangedVersion[],
  restOf: (version: ChangedVersion) => Html | '',
): Html {
  const language = say('vi', 'en') === 'en' ? 'en' : 'vi';
  return html`<ol class="card changes">${versions.map(
    (one) => html`<li><p class="note">${moment(one.changedAt)}</p>
<ul>${one.changes.map((change) => html`<li>${changeText('service', change, language)}</li>`)}${restOf(one)}</ul></li>`,
  )}</ol>`;
}

function changesPath(code: string, place?: ChangesPlace): string {
  const from = place ? `?from=${place.version}-${place.line}` : '';
  return `/services/${encodeURIComponent(code)}/changes${from}`;
}

/** The place in an address. Undefined if the text names none. */
export function placeIn(from: string): ChangesPlace | undefined {
  const [, version, line] = /^(\d{1,9})-(\d{1,9})$/.exec(from) ?? [];
  return version === undefined ? undefined : { version: Number(version), line: Number(line) };
}

/** The time when a service went out of force, if its versions show it. */
export function endedAt(versions: readonly StoredVersion[]): string | undefined {
  const isInForce = ({ record }: StoredVersion): boolean => (record as Service).inForce;
  const last = versions.findIndex(isInForce);
  return last > 0 ? versions[last - 1]?.changedAt : undefined;
}
