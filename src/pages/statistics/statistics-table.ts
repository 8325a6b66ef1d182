import { html } from 'hono/html';
import { formatLocal } from '#core/dates/dates';
import type { Column } from '#core/statistics/columns';
import type { StatisticsReport } from '../../statistics/statistics.ts';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { icon } from '../parts/icon.ts';
import { emptyState } from '../parts/parts.ts';
import { number, percent } from '../words.ts';
import { groupName, lineName } from './statistics-words.ts';

type Numbers = StatisticsReport['total'];
type Item = StatisticsReport['items'][number];

/** The columns of form II.06a/VPCP/KSTT, each with the list of its dossiers. */
const COLUMNS = [
  { name: 'received', of: ({ received }: Numbers) => received.total },
  { name: 'received.online', of: ({ received }: Numbers) => received.online },
  { name: 'received.direct', of: ({ received }: Numbers) => received.direct },
  { name: 'received.carriedOver', of: ({ received }: Numbers) => received.carriedOver },
  { name: 'resolved', of: ({ resolved }: Numbers) => resolved.total },
  { name: 'resolved.early', of: ({ resolved }: Numbers) => resolved.early },
  { name: 'resolved.onTime', of: ({ resolved }: Numbers) => resolved.onTime },
  { name: 'resolved.late', of: ({ resolved }: Numbers) => resolved.late },
  { name: 'pending', of: ({ pending }: Numbers) => pending.total },
  { name: 'pending.withinTerm', of: ({ pending }: Numbers) => pending.withinTerm },
  { name: 'pending.late', of: ({ pending }: Numbers) => pending.late },
] as const satisfies readonly { name: Column; of: (line: Numbers) => number }[];

/** The orders of lines: by a column, by the share in time, or by code (`name`). */
export const SORTS = ['name', ...COLUMNS.map(({ name }) => name), 'share'] as const;
export type Sort = (typeof SORTS)[number];

const LINES_A_PAGE = 25;

/** The heads of the columns in the reader's language. */
export function columnNames(say: Say): readonly string[] {
  return [
    say('Tổng số', 'All'),
    say('Trực tuyến', 'Online'),
    say('Trực tiếp, dịch vụ bưu chính', 'At the counter, by post'),
    say('Từ kỳ trước', 'Carried over'),
    say('Tổng số', 'All'),
    say('Trước hạn', 'Early'),
    say('Đúng hạn', 'On time'),
    say('Quá hạn', 'Late'),
    say('Tổng số', 'All'),
    say('Trong hạn', 'In term'),
    say('Quá hạn', 'Late'),
  ];
}

const shareName = (say: Say): string => say('Tỷ lệ đúng hạn', 'Share in time');

/** The label above each number on a phone, where a line is a card. A total has the name of its group. */
function cellLabels(say: Say): readonly string[] {
  const groups: Readonly<Partial<Record<Column, string>>> = {
    received: say('Tiếp nhận', 'Received'),
    resolved: say('Đã giải quyết', 'Resolved'),
    pending: say('Đang giải quyết', 'Pending'),
  };
  return columnNames(say).map((name, at) => groups[COLUMNS[at]?.name as Column] ?? name);
}

/** The numbers of a line in the order of the columns. */
export function numbersOf(line: Numbers): readonly number[] {
  return COLUMNS.map(({ of }) => of(line));
}

/** The number of one column in a line. */
export function numberIn(line: Numbers, column: Column): number {
  return COLUMNS.find(({ name }) => name === column)?.of(line) ?? 0;
}

export interface TablePlace {
  readonly sort: Sort;
  readonly order: 'asc' | 'desc';
  /** From 1. */
  readonly page: number;
  /** The address of this page with other parameters. */
  readonly href: (changed: Readonly<Record<string, string>>) => string;
  /** The address of the dossiers behind a number. Undefined for visitors without a key. */
  readonly dossiers?: (column: Column, key: string | null | undefined) => string | undefined;
}

/** The form as a table that is sorted and paged by links, which need no script. */
export function statisticsTable(say: Say, report: StatisticsReport, place: TablePlace): Html {
  const { total, items, from, to, by } = report;
  if (items.length === 0)
    return emptyState('inbox', say('Kỳ này chưa có hồ sơ nào.', 'There are no dossiers in this period yet.'));
  const day = (instant: string) => formatLocal('dd/MM/yyyy', instant);
  const caption = say(
    `Từ ${day(from)} đến ${day(to)}. Đơn vị: hồ sơ.`,
    `From ${day(from)} to ${day(to)}. Unit: dossiers.`,
  );
  const pages = Math.ceil(items.length / LINES_A_PAGE);
  const page = Math.min(place.page, pages);
  const first = (page - 1) * LINES_A_PAGE;
  const shown = sorted(items, place).slice(first, first + LINES_A_PAGE);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="report cards">
<caption>${caption}</caption>
<thead><tr>
${sortHead(say, place, 'name', groupName(say, by), html` rowspan="2"`)}
<th scope="colgroup" colspan="4">${say('Tiếp nhận', 'Received')}</th>
<th scope="colgroup" colspan="4">${say('Đã giải quyết', 'Resolved')}</th>
<th scope="colgroup" colspan="3">${say('Đang giải quyết', 'Pending')}</th>
${sortHead(say, place, 'share', shareName(say), html` rowspan="2" class="number"`)}
</tr><tr>
${columnNames(say).map((name, at) => sortHead(say, place, COLUMNS[at]?.name ?? 'name', name, html` class="number"`))}
</tr></thead>
<tbody>${shown.map((line) => lineOf(say, lineName(say, by, line), line, place, line.key))}</tbody>
<tfoot>${lineOf(say, html`${say('Tổng cộng', 'All together')}`, total, place, undefined)}</tfoot>
</table></div>
${paging(say, { page, pages, first, count: items.length, href: place.href })}`;
}

function sortHead(say: Say, { sort, order, href }: TablePlace, by: Sort, name: string, more: Html): Html {
  const isChosen = sort === by;
  const next = isChosen ? (order === 'asc' ? 'desc' : 'asc') : by === 'name' ? 'asc' : 'desc';
  const state = isChosen ? html` aria-sort="${order === 'asc' ? 'ascending' : 'descending'}"` : '';
  const hint = say(`Sắp xếp theo ${name}`, `Sort by ${name}`);
  return html`<th scope="col"${more}${state}><a href="${href({ sort: by, order: next, page: '1' })}#table" title="${hint}">${name}${
    isChosen ? icon(order === 'asc' ? 'arrow-up' : 'arrow-down') : ''
  }</a></th>
`;
}

/** The given order for names, as the report has it. Lines without a share come last. */
function sorted(items: readonly Item[], { sort, order }: TablePlace): readonly Item[] {
  const sign = order === 'asc' ? 1 : -1;
  if (sort === 'name') return order === 'asc' ? items : [...items].reverse();
  if (sort === 'share') {
    const [known, unknown] = [items.filter(hasShare), items.filter((line) => !hasShare(line))];
    // Of equal shares, that with more late dossiers is the worse one.
    const lateness = (a: Item, b: Item): number => b.resolved.late - a.resolved.late || b.pending.late - a.pending.late;
    const byShare = (a: Item, b: Item): number => (a.onTimePercent ?? 0) - (b.onTimePercent ?? 0) || lateness(a, b);
    return [...known.sort((a, b) => sign * byShare(a, b)), ...unknown];
  }
  const { of } = COLUMNS.find(({ name }) => name === sort) ?? COLUMNS[0];
  return [...items].sort((a, b) => sign * (of(a) - of(b)));
}

const hasShare = ({ onTimePercent }: Item): boolean => onTimePercent !== null;

function lineOf(say: Say, name: Html, line: Numbers, place: TablePlace, key: string | null | undefined): Html {
  const labels = cellLabels(say);
  const cell = (column: Column, value: number): Html => {
    const text = number(say, value);
    const dossiers = value > 0 ? place.dossiers?.(column, key) : undefined;
    return dossiers ? html`<a href="${dossiers}">${text}</a>` : html`${text}`;
  };
  return html`<tr><th scope="row">${name}</th>
${COLUMNS.map(({ name: column, of }, at) => html`<td class="number" data-label="${labels[at]}">${cell(column, of(line))}</td>`)}
<td class="number" data-label="${shareName(say)}">${percent(say, line.onTimePercent)}</td></tr>
`;
}

interface Paging {
  readonly page: number;
  readonly pages: number;
  readonly first: number;
  readonly count: number;
  readonly href: TablePlace['href'];
}

function paging(say: Say, { page, pages, first, count, href }: Paging): Html {
  const [from, last, all] = [first + 1, Math.min(first + LINES_A_PAGE, count), count].map((one) => number(say, one));
  const to = (other: number): string => `${href({ page: String(other) })}#table`;
  return html`<nav class="paging" aria-label="${say('Trang của bảng', 'Pages of the table')}"><span class="note">${say(
    `Dòng ${from}–${last} trong ${all} dòng`,
    `Lines ${from} to ${last} of ${all}`,
  )}</span>
${page > 1 ? html`<a rel="prev" href="${to(page - 1)}">${say('Trang trước', 'Previous page')}</a>` : ''}
${page < pages ? html`<a rel="next" href="${to(page + 1)}">${say('Trang sau', 'Next page')}</a>` : ''}</nav>`;
}
