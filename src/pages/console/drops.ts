import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { segment } from './api.ts';
import { countsOf, fileLines, MOST_ROWS, problemList } from './drop.ts';
import { listCaption, pager, partyLink, queryOf } from './parts.ts';
import type { Drop, FileReport, Listed } from './records.ts';
import { refusedOrder, refusedScreen } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { may, type Screen, titleOf, type Visit } from './visit.ts';
import { badge, DROP_OUTCOMES, DROP_PLACES, word } from './words.ts';

const PATH = '/parties/:party/drops';

/** The files of a party that sends tables, and a form that takes one for it. */
export function addDrops(site: Site): void {
  site.screen(PATH, async (visit) => listScreen(visit, visit.c.req.param('party') ?? ''));
  site.upload(PATH, async (visit, form, file) => {
    const { c, say, api } = visit;
    const party = c.req.param('party') ?? '';
    const isPreview = form('do') === 'check';
    const query = isPreview ? { preview: 'yes' } : { why: form('why') };
    const { body, problem } = await api.upload<FileReport>(`parties/${segment(party)}/drops`, query, file);
    const to = `/console/parties/${segment(party)}/drops`;
    if (!body) return refusedOrder(say, to, problem);
    if (isPreview) return checkedScreen(visit, party, body);
    return { to, isDone: body.outcome !== 'refused', text: toldOf(visit, body) };
  });
}

async function listScreen(visit: Visit, party: string): Promise<Screen> {
  const { say, api } = visit;
  const title = titleIn(visit, party);
  const answer = await api.get<Listed<Drop>>(`parties/${segment(party)}/drops`, queryOf(visit, ['cursor']));
  const { body } = answer;
  if (!body) return refusedScreen(say, title, answer);
  return {
    title,
    body: html`<p>${partyLink(visit, party)}: ${say(
      'các tệp mà trục đã đọc, từ thư mục, máy chủ SFTP hoặc gửi lên.',
      'the files that the hub has read, from a folder, an SFTP server or an upload.',
    )}</p>${uploadForm(visit, party)}${dropTable(visit, party, body)}${pager(visit, body, {})}`,
  };
}

const titleIn = (visit: Visit, party: string): string =>
  visit.say(`Tệp của ${titleOf(visit, party)}`, `Files of ${titleOf(visit, party)}`);

function toldOf({ say }: Visit, { file, outcome, counts, problems }: FileReport): string {
  if (outcome === 'refused') {
    const why = problems.map(({ message }) => message).join('; ');
    return say(`Tệp ${file} bị từ chối, không dòng nào được nhận: ${why}.`, `The file ${file} is refused: ${why}.`);
  }
  if (outcome === 'repeat')
    return say(`Tệp ${file} đã được nhận từ trước; không có gì thay đổi.`, `The file ${file} was taken before.`);
  return say(`Đã nhận tệp ${file}: ${countsOf(say, counts)}.`, `The file ${file} was taken: ${countsOf(say, counts)}.`);
}

/** The preview of a file. A browser forgets the chosen file, so the form asks for it again. */
function checkedScreen(visit: Visit, party: string, report: FileReport): Screen {
  const { say } = visit;
  const { file, outcome, read, counts, problems, lines, linesLeftOut } = report;
  const { invalid, quarantined } = counts;
  const readable = read - invalid - quarantined;
  const isRefused = outcome === 'refused';
  return {
    title: titleIn(visit, party),
    body: html`<h2>${say('Kết quả kiểm tra', 'The check')}</h2>
<section class="card" role="${isRefused ? 'alert' : 'status'}"><p><strong>${file}</strong>: ${
      isRefused
        ? say('tệp sẽ bị từ chối, không dòng nào được nhận.', 'the hub would refuse the file and take nothing of it.')
        : say(
            `đọc được ${number(say, read)} dòng. ${number(say, readable)} dòng sẽ được nhận, ${number(say, quarantined)} dòng sẽ chờ xử lý, ${number(say, invalid)} dòng không hợp lệ.`,
            `${counted(read, 'row was', 'rows were')} read. The hub would take ${number(say, readable)}, ${number(say, quarantined)} would wait for an operator, and ${number(say, invalid)} ${invalid === 1 ? 'is' : 'are'} invalid.`,
          )
    } ${say('Chưa lưu gì.', 'Nothing was stored.')}</p>${problemList(problems)}</section>
${isRefused ? '' : fileLines(visit, lines, linesLeftOut)}${
  lines.length > MOST_ROWS
    ? html`<p class="note">${say(
        'Sau khi nhận tệp, báo cáo của tệp có các dòng còn lại, cả bản CSV.',
        'The report of the file, once it is taken, has the other rows, also as CSV.',
      )}</p>`
    : ''
}
${uploadForm(visit, party)}
<p><a href="/console/parties/${segment(party)}/drops">${say('« Các tệp đã nhận', '« All files')}</a></p>`,
  };
}

function uploadForm(visit: Visit, party: string): Html {
  const { say, token } = visit;
  if (!may(visit, 'ops:configure')) return html``;
  return html`<section class="card"><h2>${say('Nhận một tệp', 'Take a file')}</h2>
<p class="note">${say(
    'Dùng khi cơ quan gửi tệp bằng đường khác. Trục xử lý như tệp trong thư mục của bên này; gửi lại cùng một tệp không làm thay đổi gì. Nhật ký ghi người thực hiện.',
    'For a file that the office sent in another way. The hub treats it like one in the folder of this party. The same file again changes nothing. The audit records who did it.',
  )}</p>
<form class="fields order" method="post" enctype="multipart/form-data" action="/console/parties/${segment(party)}/drops">
<input type="hidden" name="token" value="${token}">
<label>${say('Tệp Excel, OpenDocument, CSV hoặc XML', 'An Excel, OpenDocument, CSV or XML file')}<input type="file" name="file" required accept=".xlsx,.xlsm,.xlsb,.xls,.ods,.csv,.tsv,.txt,.xml"></label>
<label class="why">${say('Lý do (nếu có)', 'Reason (optional)')}<input name="why" maxlength="1000" autocomplete="off"></label>
<p class="acts"><button name="do" value="check" class="quiet">${say('Chỉ kiểm tra', 'Check only')}</button> <button name="do" value="take">${say('Nhận tệp', 'Take the file')}</button></p>
</form></section>`;
}

function dropTable(visit: Visit, party: string, body: Listed<Drop>): Html {
  const { say } = visit;
  return table<Drop>({
    caption: listCaption(visit, body, ['tệp', 'file', 'files'], ['mới nhất trước', 'the newest first']),
    empty: say('Chưa có tệp nào.', 'There are no files yet.'),
    items: body.items,
    columns: [
      {
        head: say('Tệp', 'File'),
        cell: ({ id, file, firstFile }) =>
          html`<a class="words" href="/console/parties/${segment(party)}/drops/${id}">${file ?? say('(tên đã xóa)', '(name erased)')}</a>${
            firstFile === null || firstFile === file
              ? ''
              : html`<br><small>${say('trùng tệp', 'the same as')} ${firstFile}</small>`
          }`,
      },
      { head: say('Lúc', 'At'), cell: ({ at }) => timeOf(at) },
      { head: say('Nguồn', 'From'), cell: ({ place }) => word(say, DROP_PLACES, place) },
      { head: say('Người gửi', 'Who'), cell: ({ who }) => (who === null ? '–' : html`<code>${who}</code>`) },
      { head: say('Kết quả', 'Outcome'), cell: ({ outcome }) => badge(say, DROP_OUTCOMES, outcome) },
      {
        head: say('Số dòng', 'Rows'),
        cell: ({ counts }) =>
          number(
            say,
            Object.values(counts).reduce((sum, one) => sum + one, 0),
          ),
        isNumber: true,
      },
      {
        head: say('Trong đó', 'Of them'),
        // A repeat has the counts of the file that was taken. It changed nothing itself.
        cell: ({ outcome, counts }) => (outcome !== 'repeat' && countsOf(say, counts)) || '–',
      },
    ],
  });
}
