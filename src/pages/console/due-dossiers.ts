import { html } from 'hono/html';
import { endOfTerm, instantToMs } from '#core/dates/dates';
import type { Html } from '../layout.ts';
import { badgeOf } from '../parts/parts.ts';
import { table } from '../parts/table.ts';
import { durationOf } from '../words.ts';
import { pageWithItems } from './api.ts';
import { choicesOf } from './choices.ts';
import { choiceField } from './forms.ts';
import {
  agencyField,
  agencyQueryOf,
  dossierLink,
  filterForm,
  listCaption,
  named,
  type Part,
  pager,
  queryOf,
  whenEmpty,
} from './parts.ts';
import type { DueDossier } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { ageOf, timeOf } from './times.ts';
import type { Visit } from './visit.ts';
import { STATUSES, type WordTable, word } from './words.ts';

const PERIODS = {
  '1': ['trong 24 giờ tới', 'within 24 hours'],
  '3': ['trong 3 ngày tới', 'within 3 days'],
  '7': ['trong 7 ngày tới', 'within 7 days'],
  '30': ['trong 30 ngày tới', 'within 30 days'],
  overdue: ['đã quá hạn', 'overdue'],
} as const satisfies WordTable;

/** The period of the list where the officer chose none. The API has the same one. */
const FIRST_PERIOD = '3' satisfies keyof typeof PERIODS;

/** Lists unfinished dossiers that are due soon or overdue, so that an officer can remind their offices. */
export function addDueDossiers(site: Site): void {
  site.screen('/due', async (visit) => {
    const { say, api } = visit;
    const query = await agencyQueryOf(visit, ['within', 'agency']);
    const { body, problem } = await pageWithItems<DueDossier>(api, 'due-dossiers', {
      ...query,
      ...queryOf(visit, ['cursor']),
    });
    return {
      title: say('Sắp đến hạn, quá hạn', 'Due soon or overdue'),
      body: html`${filterForm(visit, [
        // Without "all": the list has a period.
        choiceField(
          'within',
          say('Hạn trả kết quả', 'Deadline'),
          choicesOf(say, PERIODS).slice(1),
          query.within ?? FIRST_PERIOD,
        ),
        agencyField(visit, query.agency),
      ])}${refusalNote(say, problem)}${body ? html`${dueTable(visit, body)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

function dueTable(visit: Visit, list: Part<DueDossier>): Html {
  const { say } = visit;
  return table<DueDossier>({
    caption: listCaption(
      visit,
      list,
      ['hồ sơ', 'dossier', 'dossiers'],
      ['hạn sớm nhất trước', 'the earliest deadline first'],
    ),
    empty: whenEmpty(visit, list, say('Không có hồ sơ nào.', 'There are no dossiers.')),
    items: list.items,
    columns: [
      { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => dossierLink(code) },
      { head: say('Hạn trả', 'Due'), cell: (one) => deadlineOf(visit, one) },
      { head: say('Cơ quan', 'Agency'), cell: ({ agency }) => named(visit, agency) },
      { head: say('Thủ tục', 'Service'), cell: ({ service }) => named(visit, service) },
      { head: say('Trạng thái', 'Status'), cell: ({ status }) => word(say, STATUSES, status) },
    ],
  });
}

function deadlineOf({ say, nowMs }: Visit, { dueAt }: DueDossier): Html {
  const end = endOfTerm(dueAt);
  const lateS = (nowMs - instantToMs(end)) / 1_000;
  const late = durationOf(say, lateS);
  const mark =
    lateS > 0
      ? badgeOf('bad', say(`quá hạn ${late}`, `${late} overdue`))
      : html`<span class="note">(${ageOf(say, end, nowMs)})</span>`;
  return html`${timeOf(dueAt)} ${mark}`;
}
