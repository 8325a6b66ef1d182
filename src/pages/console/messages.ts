import { html } from 'hono/html';
import { pageWithItems } from './api.ts';
import { choicesOf } from './choices.ts';
import { choiceField, dayField, textField } from './forms.ts';
import { messageTable } from './message-table.ts';
import { filterForm, pager, partyField, queryOf } from './parts.ts';
import type { Message } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { MESSAGE_OUTCOMES, OPERATIONS } from './words.ts';

const FILTER = ['code', 'receipt', 'party', 'door', 'operation', 'outcome', 'from', 'to'] as const;

/** Lists the message log. */
export function addMessages(site: Site): void {
  site.screen('/messages', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, FILTER);
    const { body, problem } = await pageWithItems<Message>(api, 'messages', {
      ...query,
      ...queryOf(visit, ['cursor']),
    });
    return {
      title: say('Thông điệp', 'Messages'),
      body: html`${filterForm(visit, [
        textField('code', say('Mã hồ sơ', 'Dossier code'), query.code),
        textField('receipt', say('Biên nhận', 'Receipt'), query.receipt),
        partyField(visit, say('Từ bên', 'From the party'), query.party),
        textField('door', say('Cổng tiếp nhận', 'Door'), query.door),
        choiceField('operation', say('Nội dung', 'What'), choicesOf(say, OPERATIONS), query.operation),
        choiceField('outcome', say('Kết quả', 'Outcome'), choicesOf(say, MESSAGE_OUTCOMES), query.outcome),
        dayField('from', say('Từ ngày', 'From'), query.from),
        dayField('to', say('Đến ngày', 'To'), query.to),
      ])}
${refusalNote(say, problem)}
${body ? html`${messageTable(visit, body)}${pager(visit, body, query)}` : ''}`,
    };
  });
}
