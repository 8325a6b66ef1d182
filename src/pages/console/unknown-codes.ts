import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { number, vietnamese } from '../words.ts';
import { isFirstPage, listCaption, pager, partyLink, queryOf, restLink } from './parts.ts';
import type { EndedService, Listed, UnknownCode } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge } from './times.ts';
import type { Visit } from './visit.ts';
import { type WordTable, word } from './words.ts';

const KINDS = { service: ['thủ tục', 'service'], agency: ['cơ quan', 'agency'] } as const satisfies WordTable;

/** Codes in dossiers that the catalogue does not know, or has taken out of force. */
export function addUnknownCodes(site: Site): void {
  site.screen('/unknown-codes', async (visit) => {
    const { say, api, nowMs } = visit;
    const { body, problem } = await api.get<Listed<UnknownCode>>('unknown-codes', queryOf(visit, ['cursor']));
    return {
      title: say('Mã chưa có trong danh mục', 'Unknown codes'),
      body: html`<p class="note">${say(
        'Mã thủ tục, mã cơ quan có trong hồ sơ nhưng chưa có trong danh mục. Hồ sơ vẫn được áp dụng và hiển thị.',
        'Codes of services and agencies in dossiers that the catalogue does not know. The hub still applies and shows the dossiers.',
      )}</p>
${refusalNote(say, problem)}
${
  body
    ? html`${table<UnknownCode>({
        caption: listCaption(visit, body, ['mã', 'code', 'codes'], ['theo loại và mã', 'by kind and code']),
        empty: say('Mọi mã trong hồ sơ đều có trong danh mục.', 'The catalogue knows every code in the dossiers.'),
        items: body.items,
        columns: [
          { head: say('Mã', 'Code'), cell: ({ code }) => html`<code>${code}</code>` },
          { head: say('Loại', 'Kind'), cell: ({ kind }) => word(say, KINDS, kind) },
          { head: say('Bên nêu', 'Named by'), cell: ({ party }) => partyLink(visit, party) },
          { head: say('Lần đầu', 'First'), cell: ({ firstAt }) => timeAndAge(say, firstAt, nowMs) },
          { head: say('Lần cuối', 'Last'), cell: ({ lastAt }) => timeAndAge(say, lastAt, nowMs) },
        ],
      })}${pager(visit, body, {})}`
    : ''
}
${isFirstPage(visit) ? await firstEnded(visit) : ''}`,
    };
  });
  site.screen('/ended-services', async (visit) => {
    const { say, api } = visit;
    const { body, problem } = await api.get<Listed<EndedService>>('ended-services', queryOf(visit, ['cursor']));
    return {
      title: endedTitle(say),
      body: html`<p><a href="/console/unknown-codes">${say('« Mã chưa có trong danh mục', '« Unknown codes')}</a></p>
${refusalNote(say, problem)}${body ? html`${endedServices(visit, body)}${pager(visit, body, {})}` : ''}`,
    };
  });
}

const ENDED_SHOWN = '20';

const endedTitle = (say: Visit['say']): string =>
  say('Thủ tục hết hiệu lực còn hồ sơ', 'Services no longer in force with live dossiers');

async function firstEnded(visit: Visit): Promise<Awaited<Html>> {
  const { say, api } = visit;
  const { body, problem } = await api.get<Listed<EndedService>>('ended-services', { limit: ENDED_SHOWN });
  return html`<h2>${endedTitle(say)}</h2>${refusalNote(say, problem)}${
    body ? html`${endedServices(visit, body)}${restLink(visit, body, '/console/ended-services')}` : ''
  }`;
}

function endedServices(visit: Visit, list: Listed<EndedService>): Html {
  const { say, nowMs } = visit;
  return html`<p class="note">${say(
    'Hồ sơ nộp khi thủ tục còn hiệu lực tiếp tục được giải quyết; hồ sơ nộp sau thời điểm đó cần kiểm tra lại mã thủ tục.',
    'Agencies finish the dossiers that were filed while the service was in force. For later dossiers, check the service code.',
  )}</p>
${table<EndedService>({
  caption: listCaption(visit, list, ['thủ tục', 'service', 'services'], ['theo mã', 'by code']),
  empty: say('Không có hồ sơ nào như vậy.', 'There are no such dossiers.'),
  items: list.items,
  columns: [
    { head: say('Mã', 'Code'), cell: ({ code }) => html`<code>${code}</code>` },
    { head: say('Thủ tục', 'Service'), cell: ({ name }) => vietnamese(name) },
    { head: say('Hết hiệu lực từ', 'Out of force since'), cell: ({ since }) => timeAndAge(say, since, nowMs) },
    { head: say('Hồ sơ đang giải quyết', 'Live dossiers'), cell: ({ live }) => number(say, live), isNumber: true },
    { head: say('Nộp sau đó', 'Filed afterwards'), cell: ({ filedAfter }) => number(say, filedAfter), isNumber: true },
  ],
})}`;
}
