import { html } from 'hono/html';
import { headingsOver, type PlacedHeading, placeHeadings } from '#core/statistics/report-head';
import { consolePath } from '#core/statistics/report-paths';
import { sayIn } from '../language.ts';
import type { Html } from '../layout.ts';
import { number } from '../words.ts';
import { pager, type Query, sliceOf, slicePager } from './parts.ts';
import type { Report } from './records.ts';
import type { Visit } from './visit.ts';

/** A longer report has several pages, so that none weighs more than 120 KB. Each number has its link. */
const MOST_CELLS = 720;
/** The lines of a part that the API cuts, of six columns. */
export const MOST_LINES = MOST_CELLS / 6;

/** The report as officers hand it in. Its texts are Vietnamese; each number leads to its records. On a phone each line is a card. */
export function reportSheet(visit: Visit, { title, period, head, rows, notes, next }: Report, query: Query): Html {
  const { say } = visit;
  const day = (date: string): string => date.split('-').reverse().join('/');
  const columns = columnsOf(head, rows);
  const most = next === undefined ? Math.floor(MOST_CELLS / columns.length) : rows.length;
  const part = sliceOf(visit, rows, most);
  const lines =
    part.items.length < rows.length
      ? say(
          `, dòng ${number(say, part.from + 1)} đến ${number(say, part.to)} trong ${number(say, rows.length)} dòng`,
          `, lines ${number(say, part.from + 1)} to ${number(say, part.to)} of ${number(say, rows.length)}`,
        )
      : '';
  const caption = say(
    `Kỳ báo cáo: từ ${day(period.from)} đến ${day(period.to)}${lines}`,
    `Period: from ${day(period.from)} to ${day(period.to)}${lines}`,
  );
  return html`<div lang="vi"><h2>${title}</h2>
<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table class="report cards sheet">
<caption>${caption}</caption>
<thead>${headRows(head, columns)}</thead>
<tbody>${part.items.map((row) => lineOf(columns, row))}</tbody>
</table></div>
${notes.map((note) => html`<p class="note">${note}</p>`)}</div>
${next === undefined ? slicePager(visit, part, query) : pager(visit, { next }, query)}`;
}

/** The texts of a report are Vietnamese in both languages. */
const VIETNAMESE = sayIn('vi');

/** How a column is shown on a phone, where its heading stands above each cell. */
interface Column {
  readonly label: string;
  /** The heading of several columns, at the first of them. */
  readonly group: string | undefined;
  /** Whether the cell stands in the row below that heading. */
  readonly isBelowGroup: boolean;
  readonly isNumber: boolean;
  /** The number of the line, or the thing that the line is about. */
  readonly role: 'line' | 'name' | undefined;
}

/** Numbers in a row of a card. */
const IN_A_ROW = 4;

function columnsOf(head: Report['head'], rows: Report['rows']): readonly Column[] {
  const nameAt = head[0]?.[0]?.text === 'STT' ? 1 : 0;
  return headingsOver(head).map((over, at) => {
    const [top, lowest] = [over[0], over.at(-1)] as [PlacedHeading, PlacedHeading];
    const isGrouped = top.columns > 1;
    return {
      label: lowest.text,
      group: isGrouped && at === top.column ? top.text : undefined,
      isBelowGroup: isGrouped && at - top.column < IN_A_ROW,
      role: at === nameAt ? 'name' : at < nameAt ? 'line' : undefined,
      isNumber: rows.some(({ cells }) => typeof cells[at] === 'number'),
    };
  });
}

function headRows(head: Report['head'], columns: readonly Column[]): readonly Html[] {
  const placed = placeHeadings(head);
  return head.map(
    (_, row) => html`<tr>${placed.filter((one) => one.row === row).map((one) => headCell(one, columns))}</tr>`,
  );
}

function headCell({ text, column, columns: wide, rows: high }: PlacedHeading, columns: readonly Column[]): Html {
  const aligned = wide === 1 && columns[column]?.isNumber ? html` class="number"` : '';
  return html`<th scope="${wide > 1 ? 'colgroup' : 'col'}" colspan="${wide}" rowspan="${high}"${aligned}>${text}</th>`;
}

function lineOf(columns: readonly Column[], { cells, links = {}, isTotal = false }: Report['rows'][number]): Html {
  return html`<tr${isTotal ? html` class="total"` : ''}>${columns.map((column, at) =>
    cellOf(column, cells[at] ?? null, links[String(at)]),
  )}</tr>
`;
}

function cellOf(
  { label, group, isBelowGroup, isNumber, role }: Column,
  value: string | number | null,
  link: string | undefined,
): Html {
  const text = typeof value === 'number' ? number(VIETNAMESE, value) : (value ?? '');
  // Behind a zero is an empty list.
  const shown =
    link === undefined || text === '' || value === 0 ? html`${text}` : html`<a href="${consolePath(link)}">${text}</a>`;
  const isNothing = text === '' && (!isNumber || role === 'line');
  const classes = [isNumber && 'number', role, isBelowGroup && 'grouped', isNothing && 'nothing'];
  const of = group ? html` data-group="${group}"` : '';
  return html`<td class="${classes.filter(Boolean).join(' ')}" data-label="${label}"${of}>${shown}</td>`;
}
