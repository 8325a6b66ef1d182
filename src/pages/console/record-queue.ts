import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { segment } from './api.ts';
import { choicesOf } from './choices.ts';
import { choiceField } from './forms.ts';
import {
  agencyField,
  agencyOf,
  agencyQueryOf,
  filterForm,
  listCaption,
  type Part,
  pager,
  queryOf,
  senderLink,
  whenEmpty,
} from './parts.ts';
import type { Listed, QueuedRecord } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge } from './times.ts';
import type { Visit } from './visit.ts';
import { badge, DUE, QUESTION_STATES, QUEUED_KINDS, word } from './words.ts';

/** Lists the questions and petitions that wait for officers. */
export function addRecordQueue(site: Site): void {
  site.screen('/records', async (visit) => {
    const { say, api } = visit;
    const query = await agencyQueryOf(visit, ['kind', 'state', 'agency', 'due']);
    const { body, problem } = await api.get<Listed<QueuedRecord>>('records', {
      ...query,
      ...queryOf(visit, ['cursor']),
    });
    return {
      title: say('Hỏi đáp, phản ánh, kiến nghị', 'Questions and petitions'),
      body: html`<p class="note">${say(
        'Các câu hỏi, phản ánh, kiến nghị chưa trả lời, hạn sớm nhất trước. Nội dung có dấu hiệu khiếu nại, tố cáo được tạm giữ, không chuyển và không công khai khi chưa có quyết định.',
        'Unanswered questions and petitions, the earliest deadline first. The hub holds a possible complaint or denunciation: it forwards and publishes nothing before a decision.',
      )}</p>
${filterForm(visit, [
  choiceField('kind', say('Loại', 'Kind'), choicesOf(say, QUEUED_KINDS), query.kind),
  choiceField(
    'state',
    say('Trạng thái', 'State'),
    choicesOf(say, QUESTION_STATES, say('chưa kết thúc', 'open')),
    query.state,
  ),
  choiceField('due', say('Hạn trả lời', 'Deadline'), choicesOf(say, DUE), query.due),
  agencyField(visit, query.agency),
])}
${refusalNote(say, problem)}
${body ? html`${queueTable(visit, body)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

/** The page of a question or a petition. */
export function recordPath(kind: string, code: string): string {
  return `/console/records/${segment(kind)}/${segment(code)}`;
}

function queueTable(visit: Visit, list: Part<QueuedRecord>): Html {
  const { say, nowMs } = visit;
  return table<QueuedRecord>({
    caption: listCaption(
      visit,
      list,
      ['câu hỏi, phản ánh', 'question or petition', 'questions and petitions'],
      ['hạn sớm nhất trước', 'the earliest deadline first'],
    ),
    empty: whenEmpty(visit, list, say('Không có câu hỏi, phản ánh, kiến nghị nào.', 'No question or petition.')),
    items: list.items,
    columns: [
      {
        head: say('Mã', 'Code'),
        cell: ({ kind, code }) => html`<a class="code" href="${recordPath(kind, code)}">${code}</a><br>
<span class="note">${word(say, QUEUED_KINDS, kind)}</span>`,
      },
      { head: say('Trạng thái', 'State'), cell: ({ state }) => badge(say, QUESTION_STATES, state) },
      {
        head: say('Hạn trả lời', 'Deadline'),
        cell: ({ dueAt, isOverdue }) =>
          html`${timeAndAge(say, dueAt, nowMs)}${isOverdue ? html` ${badge(say, DUE, 'overdue')}` : ''}`,
      },
      { head: say('Cơ quan', 'Agency'), cell: (one) => agencyOf(visit, one) },
      { head: say('Bên gửi', 'Sender'), cell: ({ owner }) => senderLink(visit, owner) },
    ],
  });
}
