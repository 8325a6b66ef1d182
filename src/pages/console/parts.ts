import { html } from 'hono/html';
import { isRealDate } from '#core/dates/dates';
import { auditSubject, type SubjectKind } from '#core/identifiers/audit-subject';
import { CITIZENS, OFFICERS } from '#core/records/kind';
import { matchesSearch, searchWords } from '#core/vietnamese/search-words';
import { fold } from '#core/vietnamese/text';
import type { Bilingual } from '#messages/message';
import { parameterOf, type Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { number } from '../words.ts';
import { queryText, segment } from './api.ts';
import { choiceField, textField } from './forms.ts';
import { meaningOf } from './reasons.ts';
import type { Agency, Listed } from './records.ts';
import { savedFilters } from './saved-filters.ts';
import { titleOf, type Visit } from './visit.ts';
import {
  CAUSES,
  causeSentence,
  MEANINGS,
  OPERATIONS,
  PULLS,
  QUEUED_KINDS,
  RECORD_KINDS,
  tableTitle,
  word,
} from './words.ts';

/** A list, or a page of one. Without `next` it is complete. */
export interface Part<Item> {
  readonly items: readonly Item[];
  readonly next?: string | null;
  /** How many match, counted to 10,000; null for more. Absent if nobody counted. */
  readonly total?: number | null | undefined;
}

/** The number of a list as short as possible: with a plus where it is a minimum. */
export function manyOf(say: Say, { items, next, total }: Part<unknown>): string {
  if (total === null) return `${number(say, 10_000)}+`;
  if (total !== undefined) return number(say, total);
  return `${number(say, items.length)}${(next ?? null) === null ? '' : '+'}`;
}

/** To the page with the whole list, below the first of its items. */
export function restLink({ say }: Visit, { next }: Part<unknown>, href: string): Html {
  return (next ?? null) === null ? html`` : html`<p><a href="${href}">${say('Xem tất cả', 'See all')}</a></p>`;
}

export const isFirstPage = ({ c }: Visit): boolean => parameterOf(c, 'cursor') === undefined;

/** What a list has, in words: Vietnamese, one in English, many in English. */
type Noun = readonly [vietnamese: string, one: string, many: string];

/** How many there are, which of them the page shows, and in which order. */
export function listCaption(
  visit: Visit,
  part: Part<unknown>,
  [vietnamese, one, many]: Noun,
  [orderVi, orderEn]: Bilingual,
): string {
  const { say } = visit;
  const [shown, isWhole, isFirst] = [part.items.length, (part.next ?? null) === null, isFirstPage(visit)];
  if (isFirst && isWhole && shown === 1) return say(`Có 1 ${vietnamese}`, `1 ${one}`);
  const [count, all] = [number(say, shown), wholeOf(say, part, isFirst)];
  const of = all === undefined ? '' : say(` trong ${all}`, ` of ${all}`);
  const place = (vi: string, en: string): string =>
    say(`${count} ${vietnamese} ${vi}${of}, ${orderVi}`, `The ${en} ${count}${of} ${many}, ${orderEn}`);
  if (isFirst && isWhole)
    return say(`Có ${count} ${vietnamese}, hiện tất cả, ${orderVi}`, `All ${count} ${many}, ${orderEn}`);
  if (isFirst) return place('đầu tiên', 'first');
  if (!isWhole) return place('tiếp theo', 'next');
  if (shown === 1 && all === undefined) return say(`1 ${vietnamese} cuối cùng`, `The last ${one}`);
  return place('cuối cùng', 'last');
}

/** How many the whole list has. Undefined if only its end is known. */
function wholeOf(say: Visit['say'], { items, total }: Part<unknown>, isFirst: boolean): string | undefined {
  if (total === null) return say('hơn 10.000', 'more than 10,000');
  if (total !== undefined) return number(say, total);
  return isFirst ? say(`hơn ${number(say, items.length)}`, `more than ${number(say, items.length)}`) : undefined;
}

/** Links to the next page of a list and back to its beginning. Nothing beside a complete list. */
export function pager(visit: Visit, { next }: Pick<Listed<unknown>, 'next'>, query: Query): Html {
  return pageLinks(visit, query, isFirstPage(visit), next === null ? undefined : { cursor: next });
}

/** @param next the parameter of the next page. Undefined on the last one */
function pageLinks({ c, say }: Visit, query: Query, isFirst: boolean, next: Query | undefined): Html {
  if (isFirst && !next) return html``;
  const { path } = c.req;
  return html`<p class="pager">${isFirst ? '' : html`<a href="${path}${queryText(query)}">${say('« Về đầu danh sách', '« To the beginning')}</a>`}
${
  next
    ? html`<a href="${path}${queryText({ ...query, ...next })}">${say('Trang sau »', 'Next page »')}</a>`
    : html`<span class="note">${say('Hết danh sách.', 'The end of the list.')}</span>`
}</p>`;
}

/** Whether the address of this page narrows its list. */
const isFiltered = ({ c }: Visit): boolean =>
  Object.entries(c.req.query()).some(([name, value]) => name !== 'cursor' && name !== 'lang' && value.trim() !== '');

/**
 * The text in place of an empty table: a filter may hide everything, and a search that looks at a bounded number of
 * entries may go on.
 */
export function whenEmpty(visit: Visit, { next }: Part<unknown>, none: string): string {
  const { say } = visit;
  if ((next ?? null) !== null)
    return say(
      'Chưa tìm thấy trong các mục đã xem. Xem trang sau để tìm tiếp.',
      'None among the entries so far. The next page searches on.',
    );
  if (!isFiltered(visit)) return none;
  return `${none} ${say('Hãy bớt điều kiện lọc hoặc bấm “Bỏ lọc”.', 'Widen the filter, or press “Clear”.')}`;
}

/** A part of a list that is known as a whole. `from` in the address says where it begins. */
export interface Slice<Item> {
  readonly items: readonly Item[];
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

export function sliceOf<Item>({ c }: Visit, all: readonly Item[], most: number): Slice<Item> {
  const asked = Math.trunc(Number(parameterOf(c, 'from') ?? 0));
  const from = asked > 0 && asked < all.length ? asked : 0;
  const items = all.slice(from, from + most);
  return { items, from, to: from + items.length, total: all.length };
}

/** The same for a part of a list that is known as a whole. */
export function slicePager(visit: Visit, { from, to, total }: Slice<unknown>, query: Query): Html {
  return pageLinks(visit, query, from === 0, to >= total ? undefined : { from: `${to}` });
}

export type Query = Readonly<Record<string, string | undefined>>;

/** The parameters of this page that go to the API. */
export function queryOf({ c }: Visit, names: readonly string[]): Query {
  return Object.fromEntries(names.map((name) => [name, dayFrom(parameterOf(c, name)?.trim()) || undefined]));
}

/** `31/12/2026` as `2026-12-31`, which the API reads. Other text stays unchanged, so that a refusal shows what was typed. */
function dayFrom(text: string | undefined): string | undefined {
  const [, day = '', month = '', year] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text ?? '') ?? [];
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isRealDate(date) ? date : text;
}

/** A form that narrows a list, and the filters that the officer saved for it. */
export function filterForm(visit: Visit, fields: readonly Html[]): Html {
  const { c, say } = visit;
  return html`<form class="card fields filter" method="get" action="${c.req.path}">${fields}
<p class="acts"><button>${say('Lọc', 'Filter')}</button> <a href="${c.req.path}">${say('Bỏ lọc', 'Clear')}</a></p></form>${savedFilters(visit)}`;
}

export function facts(rows: readonly (readonly [string, Html | string | number | null | undefined])[]): Html {
  const given = rows.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return html`<dl class="facts">${given.map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>
`,
  )}</dl>`;
}

export function operationOf({ say }: Visit, operation: string | null | undefined): Html {
  return operation
    ? html`<span title="${operation}">${word(say, { ...PULLS, ...OPERATIONS }, operation)}</span>`
    : html`–`;
}

/** A dossier's code, as a link. */
export function dossierLink(code: string | null | undefined): Html {
  return code ? html`<a class="code" href="/console/dossiers${queryText({ code })}">${code}</a>` : html`–`;
}

/** A dossier by its code as a link, or a record, whose subject has its kind before its code. */
export function subjectLink({ say }: Pick<Visit, 'say'>, subject: string): Html {
  const [, kind = '', code = ''] = /^(\S+) (.+)$/.exec(subject) ?? [];
  if (kind === '') return dossierLink(subject);
  const of = html`<span class="note">${word(say, RECORD_KINDS, kind)}</span>`;
  if (!Object.hasOwn(QUEUED_KINDS, kind)) return html`<span class="code">${code}</span> ${of}`;
  return html`${recordLink(kind, code)} ${of}`;
}

/** A question or a petition by its code, as a link. */
function recordLink(kind: string, code: string): Html {
  return html`<a class="code" href="/console/records/${segment(kind)}/${segment(code)}">${code}</a>`;
}

/** What an item of an operation is about: the page of its dossier or record, or its code where it has none. */
export function itemLink(operation: string | null, code: string | null | undefined): Html {
  const [kind = ''] = (operation ?? '').split('.');
  if (code && Object.hasOwn(QUEUED_KINDS, kind)) return recordLink(kind, code);
  // A rating has the code of its dossier. Of an unreadable message nobody knows what it is about.
  const isDossier = operation === null || kind === 'dossier' || kind === 'rating';
  return isDossier || !code ? dossierLink(code) : html`<code>${code}</code>`;
}

/** A party by its name, with its id in small. */
export function partyLink(visit: Pick<Visit, 'titles'>, party: string | null | undefined): Html {
  if (!party) return html`–`;
  const title = titleOf(visit, party);
  return html`<span class="party"><a href="/console/parties/${segment(party)}">${title}</a>${
    title === party ? '' : html` <code class="note">${party}</code>`
  }</span>`;
}

/** A name of the catalogue with its code in small. A code that the catalogue lacks says so. */
export function named(
  { say }: Pick<Visit, 'say'>,
  { code, name }: { readonly code: string; readonly name: string | null },
): Html {
  return name === null
    ? html`<code>${code}</code> <span class="note">${say('chưa có trong danh mục', 'not in the catalogue')}</span>`
    : html`<span lang="vi">${name}</span> <code class="note">${code}</code>`;
}

/** The agency of a record: its name, with its code in small. */
export function agencyOf(
  visit: Pick<Visit, 'say'>,
  { agencyCode, agencyName }: { readonly agencyCode: string | null; readonly agencyName: string | null },
): Html {
  return agencyCode === null ? html`–` : named(visit, { code: agencyCode, name: agencyName });
}

/** The names of all agencies by their codes. */
export async function agencyNames({ api }: Pick<Visit, 'api'>): Promise<ReadonlyMap<string, string>> {
  const { body } = await api.get<{ readonly items: readonly Agency[] }>('agencies');
  return new Map(body?.items.map(({ code, name }) => [code, name]));
}

/** The codes of the agencies that an officer may mean: by code, by whole name, or by words of the name. */
function agenciesLike(names: ReadonlyMap<string, string>, typed: string): readonly string[] {
  const all = [...names];
  const same = all.filter(([code, name]) => fold(code) === fold(typed) || fold(name) === fold(typed));
  const found = same.length > 0 ? same : all.filter(([, name]) => matchesSearch(searchWords([], [name]), typed));
  return found.map(([code]) => code);
}

/** The code of the agency that the officer named. A text that fits none or several stays unchanged. */
export async function agencyCodeOf(visit: Visit, typed: string | undefined): Promise<string | undefined> {
  if (typed === undefined) return undefined;
  const [code, ...others] = agenciesLike(await agencyNames(visit), typed);
  return others.length === 0 ? (code ?? typed) : typed;
}

/** The same as queryOf, with the code of the agency that the officer named. */
export async function agencyQueryOf(visit: Visit, names: readonly string[]): Promise<Query> {
  const query = queryOf(visit, names);
  return { ...query, agency: await agencyCodeOf(visit, query.agency) };
}

/** The agencies by name. The officer chooses one, or types its code or its name. */
export async function agencyField(
  visit: Visit,
  chosen = '',
  label = visit.say('Cơ quan, gồm đơn vị trực thuộc', 'Agency, with its units'),
  { name, isRequired }: { readonly name: string; readonly isRequired: boolean } = { name: 'agency', isRequired: false },
): Promise<Awaited<Html>> {
  const { say } = visit;
  const names = await agencyNames(visit);
  const known = names.get(chosen);
  const note = known ? html`<span lang="vi">${known}</span>` : chosen && unclearAgency(visit, names, chosen);
  return html`${textField(
    name,
    label,
    chosen,
    html` list="agencies" placeholder="${say('tên hoặc mã', 'name or code')}"${note && html` aria-describedby="agency-note"`}${isRequired ? html` required` : ''}`,
  )}<datalist id="agencies">${[...names].map(([code, text]) => html`<option value="${code}">${text}</option>`)}</datalist>${
    note && html`<p class="note below" id="agency-note">${note}</p>`
  }`;
}

const MOST_NAMED = 5;

function unclearAgency({ say }: Visit, names: ReadonlyMap<string, string>, typed: string): Html | string {
  const found = agenciesLike(names, typed);
  if (found.length === 0)
    return say(
      'Không có cơ quan đang hoạt động nào mang tên hoặc mã này.',
      'No agency in force has this name or code.',
    );
  const named = found.slice(0, MOST_NAMED).map((code) => `${names.get(code)} (${code})`);
  return say(
    `${number(say, found.length)} cơ quan phù hợp, hãy ghi một mã: ${named.join(', ')}${found.length > MOST_NAMED ? '…' : '.'}`,
    `${number(say, found.length)} agencies match, give the code of one: ${named.join(', ')}${found.length > MOST_NAMED ? '…' : '.'}`,
  );
}

/** The field that narrows a list to one party. A party without configuration stays choosable. */
export function partyField({ say, titles }: Visit, label: string, chosen = ''): Html {
  const known = [...titles].map(([value, title]) => ({ value, text: title === value ? value : `${title} (${value})` }));
  const others = chosen === '' || titles.has(chosen) ? [] : [{ value: chosen, text: chosen }];
  return choiceField('party', label, [{ value: '', text: say('tất cả', 'all') }, ...known, ...others], chosen);
}

/** The sender of a record: a party, or the people who send without a key of their own. */
export function senderLink(visit: Visit, sender: string): Html {
  const { say } = visit;
  if (sender === CITIZENS) return html`${say('Công dân', 'Citizens')}`;
  if (sender === OFFICERS) return html`${say('Cán bộ', 'Officers')}`;
  return partyLink(visit, sender);
}

export function messageLink(id: string): Html {
  return html`<a class="code" href="/console/messages/${segment(id)}" title="${id}">…${id.slice(-8)}</a>`;
}

/** A link to the audit entries about a subject. */
export function auditLink({ say }: Visit, kind: SubjectKind, name: string | number): Html {
  const query = queryText({ subject: auditSubject(kind, name) });
  return html`<a href="/console/audit${query}">${say('Nhật ký thao tác', 'Its audit entries')}</a>`;
}

/** A value of ours in a code table: its name, with the code in small. Other codes stand alone. */
export function meaning({ say }: Pick<Visit, 'say'>, code: string): Html {
  return Object.hasOwn(MEANINGS, code)
    ? html`${word(say, MEANINGS, code)} <code class="note">${code}</code>`
    : html`<code>${code}</code>`;
}

/** A code table by its subject, with its own name in small. */
export function tableNamed({ say }: Pick<Visit, 'say'>, name: string): Html {
  const title = tableTitle(say, name, name);
  return title === name ? html`<code>${name}</code>` : html`${title} <code class="note">${name}</code>`;
}

/** A cause by its key, as a sentence with the key in small. */
export function causeOf({ say }: Visit, key: string): Html {
  const [, table = '', from = ''] = /^unmapped:([^:]+):(.+)$/s.exec(key) ?? [];
  const [kind = ''] = key.split(':');
  if (table === '' && !Object.hasOwn(CAUSES, kind)) return html`<code>${key}</code>`;
  const unmapped = table === '' ? null : { table, from };
  return html`${causeSentence(say, { kind, key, unmapped })} <code class="note">${key}</code>`;
}

/** A reason in words, and the code by which lists are filtered. */
export function reasonOf({ say }: Visit, reason: string): Html {
  const [, table = '', from = ''] = /^unmapped:([^:]+):(.+)$/s.exec(reason) ?? [];
  if (table !== '') return html`${causeSentence(say, { kind: 'unmapped', unmapped: { table, from } })}`;
  const meaning = meaningOf(reason);
  return meaning === undefined
    ? html`<code>${reason}</code>`
    : html`${say(meaning[0], meaning[1])} <code class="note">${reason}</code>`;
}

/** Whether a detail only repeats the words of its reason. */
export function isRepeated({ say }: Visit, reason: string | null, detail: string | null): boolean {
  const meaning = reason === null ? undefined : meaningOf(reason);
  return meaning !== undefined && detail !== null && say(meaning[0], meaning[1]).endsWith(detail);
}

/** A reason without the place in the message, such as `/content: `, which only developers read. */
export function withoutPointer(detail: string): string {
  return detail.replace(/^\/[\w/]*: /, '');
}

/** The beginning of a long text. The rest opens on request. */
export function longText(text: string | null | undefined, most = 160): Html {
  if (!text) return html`–`;
  if (text.length <= most) return html`<span class="words">${text}</span>`;
  return html`<details class="words"><summary>${text.slice(0, most)}…</summary>${text}</details>`;
}
