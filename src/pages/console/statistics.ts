import { html } from 'hono/html';
import { instantToMs } from '#core/dates/dates';
import { COLUMNS, type Column, KEYLESS } from '#core/statistics/columns';
import type { Bilingual } from '#messages/message';
import { parameterOf } from '../language.ts';
import type { Html } from '../layout.ts';
import { badgeOf } from '../parts/parts.ts';
import { table } from '../parts/table.ts';
import {
  askedOf,
  levelLinks,
  periodsUpTo,
  placeOf,
  quarterOf,
  statisticsForm,
  statisticsNotes,
} from '../statistics/statistics-page.ts';
import { numberIn, statisticsTable } from '../statistics/statistics-table.ts';
import { groupName, periodName } from '../statistics/statistics-words.ts';
import { durationOf } from '../words.ts';
import { queryText } from './api.ts';
import type { ConsoleContext } from './console-context.ts';
import { agencyNames, dossierLink, listCaption, named, type Part, pager, queryOf } from './parts.ts';
import type { CountedDossier, Listed } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import type { Visit } from './visit.ts';
import { STATUSES, word } from './words.ts';

const ADDRESS = '/console/statistics';
const FILTER = ['period', 'by', 'rule', 'column', 'key'] as const;
/** The place in the table, to lead back to. */
const PLACE = ['level', 'sort', 'order', 'page'] as const;

/** The statistics of the present quarter, the lowest share in time first. Each number leads to its dossiers. */
export function addStatistics(site: Site, hub: Pick<ConsoleContext, 'report' | 'nowMs' | 'reportingDay'>): void {
  site.screen('/statistics', async (visit) => {
    const { c, say } = visit;
    const place = queryOf(visit, PLACE);
    const periods = periodsUpTo(hub.nowMs(), hub.reportingDay);
    const given = askedOf(c, periods);
    const isNamed = parameterOf(c, 'period') !== undefined;
    const period = isNamed ? given.period : quarterOf(hub.nowMs(), hub.reportingDay);
    const asked = { ...given, period };
    const report = await hub.report(asked);
    const { level, ...of } = asked;
    // The dossiers of a total are those of all lines, which a level does not narrow.
    const dossiers = (column: string, key: string | null | undefined): string | undefined =>
      level !== undefined && key === undefined
        ? undefined
        : `${ADDRESS}/dossiers${queryText({ ...of, column, key: key === null ? KEYLESS : key, ...place })}`;
    return {
      title: say('Thống kê', 'Statistics'),
      body: html`<p class="note">${say(
        'Tỷ lệ đúng hạn thấp nhất trước. Bấm vào một con số để xem các hồ sơ tương ứng.',
        'The lowest share in time first. Follow a number to its dossiers.',
      )}</p>${statisticsForm(say, asked, periods, ADDRESS)}${levelLinks(say, asked, ADDRESS)}
<h2 id="table">${groupName(say, asked.by)}, ${periodName(say, asked.period)}</h2>
${statisticsTable(say, report, { ...placeOf(c, asked, ADDRESS, 'share'), dossiers })}
${statisticsNotes(say, asked, report)}`,
    };
  });
  /** The number whose dossiers a page shows, as the table has it. Undefined for a line or a period that it does not have. */
  const numberOf = async ({ c }: Visit, column: Column, key: string | undefined): Promise<number | undefined> => {
    const asked = askedOf(c, periodsUpTo(hub.nowMs(), hub.reportingDay));
    if (asked.period !== parameterOf(c, 'period')) return undefined;
    const { total, items } = await hub.report(asked);
    const line = key === undefined ? total : items.find((one) => (one.key ?? KEYLESS) === key);
    return line && numberIn(line, column);
  };
  site.screen('/statistics/dossiers', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, FILTER);
    const place = queryOf(visit, PLACE);
    const { body, problem } = await api.get<Listed<CountedDossier>>('statistics/dossiers', {
      ...query,
      ...queryOf(visit, ['cursor']),
    });
    const column = COLUMNS.find((one) => one === query.column);
    const agencies = await agencyNames(visit);
    const total = body?.next && column ? await numberOf(visit, column, query.key) : undefined;
    return {
      title: say('Hồ sơ của một số liệu', 'The dossiers of a number'),
      body: html`<p class="links"><a href="${ADDRESS}${queryText({ period: query.period, by: query.by, rule: query.rule, ...place })}">${say('« Thống kê', '« Statistics')}</a>
<span class="note">${[query.period && periodName(say, query.period), column && columnWords(visit, column), query.key && (agencies.get(query.key) ?? query.key)].filter(Boolean).join(' · ')}</span></p>
${refusalNote(say, problem)}${body ? html`${dossierTable(visit, { items: body.items, next: body.next, total })}${pager(visit, body, { ...query, ...place })}` : ''}`,
    };
  });
}

function columnWords({ say }: Visit, column: string): string {
  const words: Readonly<Record<string, Bilingual>> = {
    received: ['tiếp nhận', 'received'],
    resolved: ['đã giải quyết', 'resolved'],
    pending: ['đang giải quyết', 'pending'],
    online: ['trực tuyến', 'online'],
    direct: ['trực tiếp, dịch vụ bưu chính', 'at the counter, by post'],
    carriedOver: ['từ kỳ trước', 'carried over'],
    early: ['trước hạn', 'early'],
    onTime: ['đúng hạn', 'on time'],
    late: ['quá hạn', 'late'],
    withinTerm: ['trong hạn', 'in term'],
  };
  return column
    .split('.')
    .map((part) => say(...(words[part] ?? [part, part])))
    .join(', ');
}

function dossierTable(visit: Visit, list: Part<CountedDossier>): Html {
  const { say } = visit;
  return table<CountedDossier>({
    caption: listCaption(visit, list, ['hồ sơ', 'dossier', 'dossiers'], ['theo mã', 'by code']),
    empty: say('Không có hồ sơ nào.', 'There are no dossiers.'),
    items: list.items,
    columns: [
      { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => dossierLink(code) },
      { head: say('Thủ tục', 'Service'), cell: ({ service }) => named(visit, service) },
      { head: say('Cơ quan', 'Agency'), cell: ({ agency }) => named(visit, agency) },
      { head: say('Trạng thái', 'Status'), cell: ({ status }) => word(say, STATUSES, status) },
      { head: say('Hạn trả', 'Due'), cell: ({ dueAt }) => timeOf(dueAt) },
      { head: say('Quá hạn', 'Late'), cell: (one) => latenessOf(visit, one) },
    ],
  });
}

function latenessOf({ say, nowMs }: Visit, { dueAt, finishedAt }: CountedDossier): Html {
  if (dueAt === null) return html`–`;
  const lateS = ((finishedAt === null ? nowMs : instantToMs(finishedAt)) - instantToMs(dueAt)) / 1_000;
  return lateS > 0 ? badgeOf('bad', durationOf(say, lateS)) : html`–`;
}
