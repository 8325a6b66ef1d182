import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { number } from '../words.ts';
import { pageWithItems } from './api.ts';
import { choicesOf } from './choices.ts';
import { choiceField, dayField, textField } from './forms.ts';
import {
  agencyField,
  agencyNames,
  agencyQueryOf,
  dossierLink,
  filterForm,
  listCaption,
  named,
  pager,
  queryOf,
  reasonOf,
  whenEmpty,
} from './parts.ts';
import type { Ask, Listed } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { titleOf, type Visit } from './visit.ts';
import { ASK_OUTCOMES, word } from './words.ts';

/** Those without a field come from the numbers of the report. */
const FILTER = ['officer', 'agency', 'below', 'code', 'party', 'question', 'purpose', 'outcome', 'from', 'to'] as const;

/** Who asked which register what, for which dossier, and with what outcome. */
export function addAsks(site: Site): void {
  site.screen('/asks', async (visit) => {
    const { say, api } = visit;
    const query = await agencyQueryOf(visit, FILTER);
    const { body, problem } = await pageWithItems<Ask>(api, 'asks', { ...query, ...queryOf(visit, ['cursor']) });
    const agencies = await agencyNames(visit);
    return {
      title: say('Tra cứu cơ sở dữ liệu', 'Questions to registers'),
      body: html`<p class="note">${say(
        'Trục không lưu thông tin dùng để tra cứu và câu trả lời.',
        'The hub stores neither the values of a question nor its answer.',
      )}</p>${filterForm(visit, [
        textField('officer', say('Cán bộ', 'Officer'), query.officer),
        agencyField(visit, query.agency, say('Cơ quan', 'Agency')),
        textField('code', say('Mã hồ sơ', 'Dossier code'), query.code),
        choiceField('outcome', say('Kết quả', 'Outcome'), choicesOf(say, ASK_OUTCOMES), query.outcome),
        dayField('from', say('Từ ngày', 'From'), query.from),
        dayField('to', say('Đến ngày', 'To'), query.to),
      ])}
${refusalNote(say, problem)}
${body ? html`${askTable(visit, body, agencies)}${pager(visit, body, query)}` : ''}`,
    };
  });
}

function askTable(visit: Visit, list: Listed<Ask>, agencies: ReadonlyMap<string, string>): Html {
  const { say } = visit;
  return table<Ask>({
    caption: listCaption(
      visit,
      list,
      ['lượt tra cứu', 'question', 'questions'],
      ['mới nhất trước', 'the newest first'],
    ),
    empty: whenEmpty(visit, list, say('Chưa có lượt tra cứu nào.', 'Nobody has asked a register.')),
    items: list.items,
    columns: [
      { head: say('Lúc', 'At'), cell: ({ at }) => timeOf(at) },
      { head: say('Cán bộ', 'Officer'), cell: ({ officer }) => officer || say('đã xóa', 'forgotten') },
      {
        head: say('Cơ quan', 'Agency'),
        cell: ({ agencyCode: code }) => named(visit, { code, name: agencies.get(code) ?? null }),
      },
      {
        head: say('Nội dung tra cứu', 'Question'),
        cell: (one) => questionOf(visit, one),
      },
      {
        head: say('Hồ sơ, thủ tục', 'Dossier, procedure'),
        cell: ({ dossierCode, serviceCode }) => (dossierCode ? dossierLink(dossierCode) : (serviceCode ?? '–')),
      },
      {
        head: say('Mục đích, căn cứ', 'Purpose, legal basis'),
        cell: ({ purpose, legalBasis }) => html`<span class="words">${purpose}<br>${legalBasis}</span>`,
      },
      { head: say('Kết quả', 'Outcome'), cell: (one) => outcomeOf(visit, one) },
    ],
  });
}

/** The register and its question by their names. A question that the configuration no longer has stands by its code. */
function questionOf(visit: Visit, { party, question }: Ask): Html {
  const title = visit.questionOf(party, question);
  const code = html`<code class="note">${question}</code>`;
  return html`${titleOf(visit, party)}: ${title === undefined ? code : html`<span lang="vi">${title}</span> ${code}`}`;
}

function outcomeOf(visit: Visit, { outcome, reason, tookMs }: Ask): Html {
  const { say } = visit;
  return html`${word(say, ASK_OUTCOMES, outcome ?? 'open')}${reason === null ? '' : html`<br>${reasonOf(visit, reason)}`}${
    tookMs === null ? '' : html`<br><span class="note">${number(say, tookMs)} ms</span>`
  }`;
}
