import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { queryText, segment } from './api.ts';
import { choicesOf } from './choices.ts';
import { choiceField, dayField, textField } from './forms.ts';
import { filterForm, pager, queryOf } from './parts.ts';
import type { AuditEntry, Listed } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { ACTIONS, word } from './words.ts';

/** Lists who did what. */
export function addAudit(site: Site): void {
  site.screen('/audit', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, ['actor', 'action', 'subject', 'from', 'to']);
    const { body, problem } = await api.get<Listed<AuditEntry>>('audit', { ...query, ...queryOf(visit, ['cursor']) });
    return {
      title: say('Nhật ký thao tác', 'Audit'),
      body: html`${filterForm(visit, [
        textField('actor', say('Tài khoản', 'Key'), query.actor),
        choiceField('action', say('Việc', 'Action'), choicesOf(say, ACTIONS), query.action),
        textField('subject', say('Đối tượng', 'Subject'), query.subject, html` placeholder="delivery 12"`),
        dayField('from', say('Từ ngày', 'From'), query.from),
        dayField('to', say('Đến ngày', 'To'), query.to),
      ])}
${refusalNote(say, problem)}
${
  body
    ? html`${table<AuditEntry>({
        caption: say(
          `Thao tác trên trang này: ${body.items.length}, mới nhất trước`,
          `Entries on this page: ${body.items.length}, the newest first`,
        ),
        empty: say('Chưa có thao tác nào.', 'The audit is empty.'),
        items: body.items,
        columns: [
          { head: say('Lúc', 'At'), cell: ({ at }) => timeOf(at) },
          { head: say('Tài khoản', 'Key'), cell: ({ actor }) => actor },
          {
            head: say('Việc', 'Action'),
            cell: ({ action }) => html`<span title="${action}">${word(say, ACTIONS, action)}</span>`,
          },
          { head: say('Đối tượng', 'Subject'), cell: subjectOf },
          { head: say('Lý do', 'Reason'), cell: ({ why }) => (why ? html`<span class="words">${why}</span>` : '–') },
        ],
      })}${pager(visit, body, query)}`
    : ''
}`,
    };
  });
}

/** The subject of a look or an order, as a link. */
function subjectOf({ subject }: AuditEntry): Html {
  const shown = html`<code class="words">${subject}</code>`;
  const href = pageOf(subject);
  return href === undefined ? shown : html`<a href="/console/${href}">${shown}</a>`;
}

function recordPage(subject: string): string | undefined {
  const [, kind = '', code = ''] = /^record (question|petition) (\S+)/.exec(subject) ?? [];
  return kind === '' ? undefined : `records/${kind}/${segment(code)}`;
}

function pageOf(subject: string): string | undefined {
  const [, kind, name = ''] = /^(\w+) (\S+?)(?::? |$)/.exec(subject) ?? [];
  if (kind === 'record') return recordPage(subject);
  if (kind === 'message') return `messages/${segment(name)}`;
  if (kind === 'delivery') return `deliveries/${segment(name)}`;
  if (kind === 'run') return `replays/${segment(name)}`;
  if (kind === 'party') return `parties/${segment(name)}`;
  if (kind === 'code') return `code-tables${queryText({ party: name })}`;
  return kind === 'dossier' ? `dossiers${queryText({ code: name })}` : undefined;
}
