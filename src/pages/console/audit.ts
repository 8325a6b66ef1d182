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
import { ACTIONS, QUEUED_KINDS, RECORD_KINDS, REPLAY_OUTCOMES, tableTitle, type WordTable, word } from './words.ts';

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
  const typed = text.trim();
  const [[kind, [named]] = ['', ['']]] = Object.entries(SUBJECTS)
    .filter(([, [vietnamese]]) => typed.toLowerCase().startsWith(`${vietnamese} `))
    .sort(([, [one]], [, [other]]) => other.length - one.length);
  return kind === '' ? text : `${kind}${typed.slice(named.length)}`;
}

/** Reads of records beside dossiers have one name for each kind, such as `question.list-personal`. */
function actionName(say: Say, action: string): string {
  const [kind = '', deed = ''] = action.split('.');
  const isRead = Object.hasOwn(RECORD_KINDS, kind) && deed.endsWith('-personal');
  if (Object.hasOwn(ACTIONS, action) || !isRead) return word(say, ACTIONS, action);
  const read = deed.replace('-personal', '');
  const records = word(say, RECORD_KINDS, kind);
  return say(
    `${read === 'list' ? 'liệt kê' : 'xem'} ${records} có dữ liệu cá nhân`,
    `${read} ${records} with personal data`,
  );
}

/** A subject in its parts: `party portal: catalogue` has the kind `party` and the words `portal` and `catalogue`. */
interface Subject {
  readonly kind: string;
  /** All after the kind. */
  readonly name: string;
  readonly words: readonly string[];
}

function partsOf(subject: string): Subject {
  const [kind = '', ...rest] = subject.split(' ');
  return { kind, name: rest.join(' '), words: rest.map((one) => one.replace(/:$/, '')) };
}

/** The subject of a look or an order, as a link. */
function subjectOf(visit: Visit, { subject }: AuditEntry): Html {
  const parts = partsOf(subject);
  const { kind } = parts;
  const name = SHOWN[kind]?.(visit, parts) ?? parts.name;
  // The name of a record begins with its kind, such as `câu hỏi`.
  const isNamed = kind.startsWith('record') && name !== parts.name;
  const shown = Object.hasOwn(SUBJECTS, kind)
    ? html`<span class="words" title="${subject}">${isNamed ? '' : word(visit.say, SUBJECTS, kind)} ${name}</span>`
    : html`<code class="words">${subject}</code>`;
  const page = PAGES[kind]?.(parts.words);
  return page === undefined ? shown : html`<a href="/console/${page}">${shown}</a>`;
}

/** The names of subjects, by kind, without what only the hub uses: ids, and the queries of lists. */
const SHOWN: Readonly<Record<string, (visit: Visit, subject: Subject) => string>> = {
  // The end of the id, as on other pages.
  message: (_, { name }) => name.replace(/^[\da-f-]{28}(?=[\da-f]{8}\b)/, '…'),
  delivery: ({ say }, { name, words: [id = '', outcome = ''] }) =>
    Object.hasOwn(REPLAY_OUTCOMES, outcome) ? `${id}: ${word(say, REPLAY_OUTCOMES, outcome)}` : name,
  // Its page has the filter.
  run: (_, { words: [id = ''] }) => id,
  party: (visit, { name, words: [id = ''] }) => `${titleOf(visit, id)}${name.slice(id.length)}`,
  dossiers: ({ say }, { name }) =>
    name.replaceAll(/[^ ]+/g, (one) => (Object.hasOwn(RECORD_KINDS, one) ? word(say, RECORD_KINDS, one) : one)),
  record: recordName,
  records: recordName,
  code: withTitles,
  mapping: withTitles,
  // After the id of the question.
  ask: (visit, { name, words: [, party, question, ...about] }) =>
    party === undefined || question === undefined
      ? name
      : [`${titleOf(visit, party)},`, visit.questionOf(party, question) ?? question, ...about].join(' '),
};

/** `question CH-1` by the name of the kind. A list may have its query after the kind: `question?state=held: CH-1`. */
function recordName({ say }: Visit, { name, words: [first = '', ...codes] }: Subject): string {
  const [kind = ''] = first.split('?');
  return Object.hasOwn(RECORD_KINDS, kind) ? [word(say, RECORD_KINDS, kind), ...codes].join(' ') : name;
}

/** Parties and code tables by their titles. */
function withTitles(visit: Visit, { name }: Subject): string {
  return name.replaceAll(/[\w-]+/g, (one) =>
    visit.titles.has(one) ? titleOf(visit, one) : tableTitle(visit.say, one, one),
  );
}

/** The pages of subjects, by kind. */
const PAGES: Readonly<Record<string, (words: readonly string[]) => string | undefined>> = {
  message: ([id = '']) => `messages/${segment(id)}`,
  delivery: ([id = '']) => `deliveries/${segment(id)}`,
  run: ([id = '']) => `replays/${segment(id)}`,
  party: ([id = '']) => `parties/${segment(id)}`,
  mapping: ([id = '']) => `mappings/${segment(id)}`,
  code: ([party]) => `code-tables${queryText({ party })}`,
  dossier: ([code]) => `dossiers${queryText({ code })}`,
  record: ([kind = '', code = '']) =>
    Object.hasOwn(QUEUED_KINDS, kind) ? `records/${kind}/${segment(code)}` : undefined,
};
