import type { Context } from 'hono';
import { html } from 'hono/html';
import { cellOf } from '#core/dossier/file-line';
import { attachment } from '../../http/upload.ts';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { segment } from './api.ts';
import { dossierLink, facts, partyLink, queryOf, sliceOf, slicePager } from './parts.ts';
import type { FileLine, WholeDrop } from './records.ts';
import { refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { spreadsheet } from './spreadsheet.ts';
import { plainTimeOf, timeOf } from './times.ts';
import type { Visit } from './visit.ts';
import { badge, DROP_OUTCOMES, DROP_PLACES, EFFECTS, ITEM_OUTCOMES, PULLS, word } from './words.ts';

/** One file of a party: what became of it, row by row, also as CSV. */
export function addDrop(site: Site): void {
  site.screen('/parties/:party/drops/:id', async (visit) => {
    const { c, say, api } = visit;
    const party = c.req.param('party') ?? '';
    const path = `parties/${segment(party)}/drops/${segment(c.req.param('id') ?? '')}`;
    const answer = await api.get<WholeDrop>(path);
    const { body } = answer;
    if (!body) return refusedScreen(say, say('Báo cáo tệp', 'The report of a file'), answer);
    if (queryOf(visit, ['format']).format === 'csv') return csvOf(c, say, body);
    return {
      title: body.file ?? say('Tệp đã xóa tên', 'A file without its name'),
      body: html`<p class="links"><a href="/console/parties/${segment(party)}/drops">${say('« Các tệp của bên này', '« All files of this party')}</a> <a href="?format=csv">${say('Tải báo cáo (CSV)', 'Download the report (CSV)')}</a> <a href="/console/messages?receipt=${body.receipt}">${say('Thông điệp của tệp', 'Its messages')}</a></p>
<section class="card">${factsOf(visit, body)}${problemList(body.problems)}</section>
${body.outcome === 'refused' ? '' : fileLines(visit, body.lines, body.linesLeftOut)}${slicePager(visit, sliceOf(visit, body.lines, MOST_ROWS), {})}`,
    };
  });
}

function factsOf(visit: Visit, { party, list, at, place, who, outcome, firstFile, counts }: WholeDrop): Html {
  const { say } = visit;
  return facts([
    [say('Kết quả', 'Outcome'), badge(say, DROP_OUTCOMES, outcome)],
    [say('Trùng tệp đã nhận', 'Taken before as'), firstFile],
    [
      say('Thay đổi', 'Changes'),
      outcome === 'repeat'
        ? say('không có, vì nội dung đã được nhận', 'none: the content was taken before')
        : undefined,
    ],
    [say('Bên kết nối', 'Party'), partyLink(visit, party)],
    [say('Nội dung', 'What'), word(say, PULLS, list)],
    [say('Lúc', 'At'), timeOf(at)],
    [say('Nguồn', 'From'), word(say, DROP_PLACES, place)],
    [say('Người gửi', 'Who'), who],
    [
      outcome === 'repeat' ? say('Số dòng khi nhận lần đầu', 'Rows when it was taken') : say('Số dòng', 'Rows'),
      countsOf(say, counts),
    ],
  ]);
}

type Counts = WholeDrop['counts'];

/** The counts that are not 0, in words. */
export function countsOf(say: Say, counts: Counts): string {
  const given = Object.entries(counts).filter(([, count]) => count > 0);
  return given.map(([effect, count]) => `${number(say, count)} ${word(say, EFFECTS, effect)}`).join(', ');
}

/** Why the whole file is refused. */
export function problemList(problems: WholeDrop['problems']): Html {
  if (problems.length === 0) return html``;
  return html`<ul>${problems.map(
    ({ path, message }) => html`<li>${cellOf(path) === '' ? '' : html`<code>${cellOf(path)}</code> `}${message}</li>`,
  )}</ul>`;
}

/** More rows are on further pages. */
export const MOST_ROWS = 200;

/**
 * The rows that were not taken, or that have warnings.
 *
 * @param leftOut how many more the hub found and did not keep
 */
export function fileLines(visit: Visit, lines: readonly FileLine[], leftOut: number): Html {
  const { say } = visit;
  const { items, from, to } = sliceOf(visit, lines, MOST_ROWS);
  const total = lines.length + leftOut;
  const isWhole = items.length === total;
  return html`${table<FileLine>({
    caption: say(
      `Có ${number(say, total)} dòng chưa được nhận hoặc có cảnh báo, hiện ${isWhole ? 'tất cả' : `dòng ${number(say, from + 1)} đến ${number(say, to)}`}, theo tệp`,
      `${counted(total, 'row', 'rows')} with a problem or a warning, here ${isWhole ? 'all' : `${number(say, from + 1)} to ${number(say, to)}`}, in the order of the file`,
    ),
    empty: say('Mọi dòng đều được nhận.', 'Every row was taken.'),
    emptyIcon: 'circle-check',
    items,
    columns: [
      { head: say('Dòng', 'Row'), cell: (line) => placeOf(line) },
      { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => dossierLink(code) },
      { head: say('Kết quả', 'Outcome'), cell: ({ outcome }) => badge(say, ITEM_OUTCOMES, outcome) },
      { head: say('Ô và lý do', 'Cell and reason'), cell: ({ problems }) => problemList(problems) },
    ],
  })}${
    leftOut > 0
      ? html`<p class="note">${say(
          `Trục giữ ${number(say, lines.length)} dòng đầu trong số này. Hãy sửa các dòng đó và gửi lại tệp để thấy các dòng còn lại.`,
          `The hub keeps the first ${number(say, lines.length)} of them. Correct these and send the file again to see the others.`,
        )}</p>`
      : ''
  }`;
}

function placeOf({ sheet, row }: FileLine): string {
  return [sheet, row ?? ''].filter((part) => part !== '').join(' · ') || '–';
}

/** The report for a spreadsheet, one line for each problem. */
function csvOf(c: Context, say: Say, { file, at, outcome, counts, problems, lines }: WholeDrop): Response {
  const rows = lines.flatMap(({ sheet, row, code, outcome: became, problems: found }) => {
    const line = (cell: string | number, why: string) => [sheet, cell, code, word(say, ITEM_OUTCOMES, became), why];
    return found.length === 0
      ? [line(row ?? '', '')]
      : found.map(({ path, message }) => line(cellOf(path) || (row ?? ''), message));
  });
  const text = spreadsheet([
    [say('Tệp', 'File'), file],
    [say('Lúc', 'At'), plainTimeOf(at)],
    [say('Kết quả', 'Outcome'), word(say, DROP_OUTCOMES, outcome), ...problems.map(({ message }) => message)],
    ...Object.entries(counts).map(([effect, count]) => [word(say, EFFECTS, effect), count]),
    [],
    [
      say('Trang tính', 'Sheet'),
      say('Ô', 'Cell'),
      say('Mã hồ sơ', 'Dossier'),
      say('Kết quả', 'Outcome'),
      say('Lý do', 'Reason'),
    ],
    ...rows,
  ]);
  return c.body(text, 200, {
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': attachment(`${file ?? 'file'}.report.csv`),
    'X-Content-Type-Options': 'nosniff',
  });
}
