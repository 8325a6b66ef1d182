import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { pageWithItems, queryText, segment } from './api.ts';
import { choicesOf } from './choices.ts';
import { choiceField, dayField, textField } from './forms.ts';
import { filterForm, listCaption, pager, queryOf, whenEmpty } from './parts.ts';
import type { AuditEntry } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { titleOf, type Visit } from './visit.ts';
import { ACTIONS, RECORD_KINDS, tableTitle, type WordTable, word } from './words.ts';

/** Lists who did what. */
export function addAudit(site: Site): void {
  site.screen('/audit', async (visit) => {
    const { say, api } = visit;
    const query = queryOf(visit, ['actor', 'action', 'subject', 'from', 'to']);
    const { body, problem } = await pageWithItems<AuditEntry>(api, 'audit', {
      ...query,
      subject: query.subject && storedKind(query.subject),
      ...queryOf(visit, ['cursor']),
    });
    return {
      title: say('Nhật ký thao tác', 'Audit'),
      body: html`${filterForm(visit, [
        textField('actor', say('Tài khoản', 'Key'), query.actor),
        choiceField('action', say('Việc', 'Action'), choicesOf(say, ACTIONS), query.action),
        textField(
          'subject',
          say('Đối tượng', 'Subject'),
          query.subject,
          html` placeholder="${say('hồ sơ', 'dossier')} H60.01-…"`,
        ),
        dayField('from', say('Từ ngày', 'From'), query.from),
        dayField('to', say('Đến ngày', 'To'), query.to),
      ])}
${refusalNote(say, problem)}
${
  body
    ? html`${table<AuditEntry>({
        caption: listCaption(visit, body, ['thao tác', 'entry', 'entries'], ['mới nhất trước', 'the newest first']),
        empty: whenEmpty(visit, body, say('Chưa có thao tác nào.', 'The audit is empty.')),
        items: body.items,
        columns: [
          { head: say('Lúc', 'At'), cell: ({ at }) => timeOf(at) },
          { head: say('Tài khoản', 'Key'), cell: ({ actor }) => actor },
          {
            head: say('Việc', 'Action'),
            cell: ({ action }) => html`<span title="${action}">${actionName(say, action)}</span>`,
          },
          { head: say('Đối tượng', 'Subject'), cell: (one) => subjectOf(visit, one) },
          { head: say('Lý do', 'Reason'), cell: ({ why }) => (why ? html`<span class="words">${why}</span>` : '–') },
        ],
      })}${pager(visit, body, query)}`
    : ''
}`,
    };
  });
}

const SUBJECTS: WordTable = {
  message: ['thông điệp', 'message'],
  messages: ['các thông điệp', 'messages'],
  delivery: ['lượt chuyển', 'delivery'],
  dossier: ['hồ sơ', 'dossier'],
  dossiers: ['các hồ sơ', 'dossiers'],
  record: ['bản ghi', 'record'],
  records: ['các bản ghi', 'records'],
  texts: ['văn bản của cán bộ', 'texts of officers'],
  cause: ['nguyên nhân chờ', 'cause'],
  code: ['bảng mã', 'code table'],
  mapping: ['thay đổi bảng mã', 'mapping change'],
  run: ['đợt chuyển lại', 'run'],
  party: ['bên', 'party'],
  key: ['tài khoản', 'key'],
  order: ['thao tác', 'order'],
  database: ['cơ sở dữ liệu', 'database'],
  incident: ['sự cố', 'incident'],
  hold: ['lệnh giữ', 'hold'],
  person: ['người', 'person'],
  ask: ['tra cứu', 'question to'],
  file: ['tệp', 'file'],
};

/** `hồ sơ H60.01` as `dossier H60.01`, the stored form. Other text stays unchanged. */
function storedKind(text: string): string {
  const said = text.trim().toLowerCase();
  const [kind, [name = ''] = []] =
    Object.entries(SUBJECTS)
      .sort(([, [a]], [, [b]]) => b.length - a.length)
      .find(([, [vi]]) => said.startsWith(`${vi} `)) ?? [];
  return kind === undefined ? text : `${kind}${text.trim().slice(name.length)}`;
}

/** Reads of records beside dossiers have one name for each kind, such as `question.list-personal`. */
function actionName(say: Say, action: string): string {
  const [, kind = '', read = ''] = /^([\w-]+)\.(list|read|history)-personal$/.exec(action) ?? [];
  if (Object.hasOwn(ACTIONS, action) || !Object.hasOwn(RECORD_KINDS, kind)) return word(say, ACTIONS, action);
  const records = word(say, RECORD_KINDS, kind);
  return say(
    `${read === 'list' ? 'liệt kê' : 'xem'} ${records} có dữ liệu cá nhân`,
    `${read} ${records} with personal data`,
  );
}

/** The subject of a look or an order, as a link. */
function subjectOf(visit: Visit, { subject }: AuditEntry): Html {
  const [kind = '', ...rest] = subject.split(' ');
  const name = rest.join(' ');
  const [, party = '', more = ''] = /^([^:]*)(.*)$/s.exec(name) ?? [];
  const said = kind === 'party' ? `${titleOf(visit, party)}${more}` : saidOf(visit, kind, name);
  const isNamed = kind.startsWith('record') && said !== name;
  const shown = Object.hasOwn(SUBJECTS, kind)
    ? html`<span class="words" title="${subject}">${isNamed ? '' : word(visit.say, SUBJECTS, kind)} ${said}</span>`
    : html`<code class="words">${subject}</code>`;
  const href = pageOf(subject);
  return href === undefined ? shown : html`<a href="/console/${href}">${shown}</a>`;
}

/** The name of a subject without what only the hub uses: the id of a question, the query of a list. */
function saidOf(visit: Visit, kind: string, name: string): string {
  const { say } = visit;
  // A message is named by the end of its id, as on other pages. The filter of a run stands on its page.
  if (kind === 'message') return name.replace(/^[\da-f-]{28}(?=[\da-f]{8}\b)/, '…');
  if (kind === 'run') return name.replace(/:.*$/s, '');
  if (kind === 'dossiers')
    return name
      .split(' ')
      .map((part) => (Object.hasOwn(RECORD_KINDS, part) ? word(say, RECORD_KINDS, part) : part))
      .join(' ');
  if (kind === 'mapping' || kind === 'code')
    return name.replaceAll(/[\w-]+/g, (one) =>
      visit.titles.has(one) ? titleOf(visit, one) : tableTitle(say, one, one),
    );
  if (kind === 'ask') {
    const [, party = '', question = '', rest = ''] = /^\S+: (\S+) (\S+)(.*)$/s.exec(name) ?? [];
    if (party === '') return name;
    return `${titleOf(visit, party)}, ${visit.questionOf(party, question) ?? question}${rest}`;
  }
  const [, record = '', rest = ''] = /^([\w-]+)(?:\?\S*?)?(?: |: )(.*)$/s.exec(name) ?? [];
  const isOfKind = (kind === 'record' || kind === 'records') && Object.hasOwn(RECORD_KINDS, record);
  return isOfKind ? `${word(say, RECORD_KINDS, record)} ${rest}` : name;
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
  if (kind === 'mapping') return `mappings/${segment(name)}`;
  if (kind === 'code') return `code-tables${queryText({ party: name })}`;
  return kind === 'dossier' ? `dossiers${queryText({ code: name })}` : undefined;
}
