import { html } from 'hono/html';
import { typedCode } from '#core/identifiers/identifiers';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted } from '../words.ts';
import { segment } from './api.ts';
import { comparedLines, type Line } from './bulk-compared.ts';
import { statesOf } from './dossier-state.ts';
import { messageCard } from './flash-message.ts';
import { choiceField, type Form } from './forms.ts';
import { dossierLink, operationOf, partyLink } from './parts.ts';
import { meaningOf } from './reasons.ts';
import type { Delivery, Listed, Replayed } from './records.ts';
import { refusalText } from './refusals.ts';
import type { Site } from './site.ts';
import { spreadsheet } from './spreadsheet.ts';
import { plainTimeOf } from './times.ts';
import { may, type Screen, titleOf, type Visit } from './visit.ts';
import { DELIVERY_STATES, REPLAY_OUTCOMES, STATUSES, word } from './words.ts';

const ACTIONS = ['look-up', 'compare', 'replay'] as const;
type Action = (typeof ACTIONS)[number];

const MOST_CODES = 200;
const AT_ONCE = 8;
const PATH = '/bulk';

/** What the officer wrote and chose. It stays in the form: another choice of the receiver would send to other parties. */
interface Typed {
  readonly codes: string;
  readonly party?: string | undefined;
  readonly why?: string | undefined;
}

/** Looks up, compares or sends again a pasted list of dossiers. The result is a table, and the same as a file. */
export function addBulk(site: Site): void {
  site.screen(PATH, async (visit) => screenOf(visit, { codes: '' }));
  site.order(PATH, async (visit, form) => {
    const { say } = visit;
    const codes = codesIn(form('codes') ?? '');
    const action = ACTIONS.find((one) => one === form('action')) ?? 'look-up';
    const isReplay = action === 'replay';
    const why = form('why');
    const typed: Typed = { codes: codes.join('\n'), party: form('party'), why };
    if (codes.length === 0) return faultScreen(visit, typed, say('Chưa có mã hồ sơ nào.', 'There is no code.'));
    if (codes.length > MOST_CODES) return faultScreen(visit, typed, tooMany(visit, codes.length));
    if (isReplay && why === undefined)
      return faultScreen(visit, typed, say('Chuyển lại cần có lý do.', 'A re-delivery needs a reason.'));
    const lines = await linesOf(visit, codes, form, isReplay ? why : undefined);
    const shown = action === 'compare' ? await comparedLines(visit, lines) : lines;
    // A reason is for one order.
    return screenOf(visit, isReplay ? { ...typed, why: undefined } : typed, resultOf(visit, shown, action));
  });
}

function tooMany({ say }: Visit, many: number): string {
  return say(
    `Có ${many} mã, mỗi lần tối đa ${MOST_CODES} mã. Hãy chia danh sách, hoặc dùng Chuyển lại theo bộ lọc.`,
    `There are ${many} codes, at most ${MOST_CODES} at once. Divide the list, or replay by a filter.`,
  );
}

/** Codes from a column of a spreadsheet, or separated by commas or spaces. Each once. */
function codesIn(text: string): readonly string[] {
  return [
    ...new Set(
      text
        .split(/[\s,;]+/)
        .filter(Boolean)
        .map(typedCode),
    ),
  ];
}

async function linesOf(
  visit: Visit,
  codes: readonly string[],
  form: Form,
  why: string | undefined,
): Promise<readonly Line[]> {
  const lines: Line[][] = [];
  const left = [...codes.entries()];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift())
      lines[next[0]] = await linesOfCode(visit, next[1], form('party'), why);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return lines.flat();
}

/** The party and delivery of a line without a delivery. */
const NOTHING = { party: '', delivery: undefined, operation: undefined };

/** One line for each party that has a delivery of the dossier. A refusal of the API is the only line. */
async function linesOfCode(
  visit: Visit,
  code: string,
  party: string | undefined,
  why: string | undefined,
): Promise<Line[]> {
  const { say, api } = visit;
  const states = await statesOf(visit, code);
  const { body, problem } = await api.get<Listed<Delivery>>('deliveries', { code, party, limit: '200' });
  const refused = states.problem ?? problem;
  if (refused) return [{ ...NOTHING, code, status: '', due: '', result: refusalText(say, refused) }];
  const found = states.body ?? [];
  const [state] = found;
  if (found.length > 1) return [{ ...NOTHING, code, status: '', due: '', result: severalOf(visit, found) }];
  const known = {
    code: state?.code ?? code,
    status: state ? word(say, STATUSES, state.status) : say('không có trong chỉ mục', 'not in the index'),
    due: state?.dueAt ? plainTimeOf(state.dueAt) : '',
  };
  const newest = new Map(
    (body?.items ?? []).map((one) => [`${one.party} ${one.operation}`, one]).reverse() as [string, Delivery][],
  );
  if (newest.size === 0) return [{ ...NOTHING, ...known, result: say('chưa có lượt chuyển nào', 'no delivery yet') }];
  const lines: Line[] = [];
  for (const one of newest.values())
    lines.push({
      ...known,
      party: one.party,
      delivery: one.id,
      operation: one.operation,
      result: why === undefined ? sentOf(visit, one, state?.version) : await replay(visit, one.id, why),
    });
  return lines;
}

/** The officer decides which dossier is meant. */
function severalOf({ say }: Visit, found: readonly { readonly code: string }[]): string {
  const codes = found.map(({ code }) => code).join(', ');
  return say(`là mã của nhiều hồ sơ, hãy ghi một trong: ${codes}`, `names several dossiers, give one of ${codes}`);
}

/** What the party was sent. Of the dossier itself, compared with its present version: others count versions of their own. */
function sentOf({ say }: Visit, { state, version, reason, operation }: Delivery, newest: number | undefined): string {
  const meaning = reason === null ? undefined : meaningOf(reason);
  const why = meaning ? `: ${say(meaning[0], meaning[1])}` : '';
  if (state !== 'delivered') return `${word(say, DELIVERY_STATES, state)}${why}`;
  if (operation !== 'dossier.upsert.v1') return word(say, DELIVERY_STATES, state);
  if (newest === undefined || version >= newest) return say('đã chuyển bản mới nhất', 'has the newest version');
  return say(`đã chuyển bản ${version}, mới nhất là ${newest}`, `has version ${version} of ${newest}`);
}

async function replay({ say, api }: Visit, id: number, why: string): Promise<string> {
  const { body, problem } = await api.post<Replayed>(`deliveries/${segment(String(id))}/replay`, { why });
  if (body) return word(say, REPLAY_OUTCOMES, body.outcome);
  return problem ? refusalText(say, problem) : '';
}

function screenOf(visit: Visit, typed: Typed, result: Html = html``): Screen {
  const title = visit.say('Làm việc theo danh sách mã', 'Work on a list of codes');
  return { title, body: html`${result}${formOf(visit, typed)}` };
}

function faultScreen(visit: Visit, typed: Typed, fault: string): Screen {
  return { ...screenOf(visit, typed, messageCard({ text: fault, isDone: false })), status: 400 };
}

function formOf(visit: Visit, { codes, party, why = '' }: Typed): Html {
  const { say, token, titles } = visit;
  const parties = [
    { value: '', text: say('mọi bên', 'every party') },
    ...[...titles].map(([value, text]) => ({ value, text })),
  ];
  return html`<form class="card fields order" method="post" action="/console${PATH}">
<input type="hidden" name="token" value="${token}">
<label class="wide">${say(`Mã hồ sơ, mỗi dòng một mã, tối đa ${MOST_CODES}`, `Dossier codes, one a line, at most ${MOST_CODES}`)}
<textarea name="codes" rows="8" required placeholder="H60.01-250812-0035">${codes}</textarea></label>
${choiceField('party', say('Bên nhận', 'Receiver'), parties, party)}
<p class="acts"><button name="action" value="look-up">${say('Tra cứu', 'Look up')}</button>${
    may(visit, 'ops:replay')
      ? html` <button class="quiet" name="action" value="compare">${say('So với bên nhận', 'Compare with the receiver')}</button>
<span class="note">${say('Hỏi trực tiếp hệ thống của bên nhận, không thay đổi gì.', 'Asks the system of the receiver now, and changes nothing.')}</span>`
      : ''
  }</p>
${
  may(visit, 'ops:replay')
    ? html`<fieldset><legend>${say('Chuyển lại', 'Re-deliver')}</legend><p class="note">${say(
        'Lượt mới nhất tới mỗi bên được gửi lại, sau khi tra cứu ở bên nhận. Bản cũ không ghi đè bản mới.',
        'The newest delivery to each party is sent again, after a look-up there. No older version replaces a newer one.',
      )}</p>
<label class="why">${say('Lý do', 'Reason')}<input name="why" value="${why}" maxlength="1000" autocomplete="off"></label>
<p class="acts"><button name="action" value="replay">${say('Chuyển lại các mã này', 'Re-deliver these codes')}</button></p></fieldset>`
    : ''
}</form>`;
}

function resultOf(visit: Visit, lines: readonly Line[], action: Action): Html {
  const { say } = visit;
  const many = new Set(lines.map(({ code }) => code)).size;
  const head = {
    replay: say('Kết quả chuyển lại', 'Result of the re-delivery'),
    compare: say('So với bên nhận lúc này', 'Compared with the receiver now'),
    'look-up': say('Tình trạng', 'State'),
  }[action];
  return html`<section aria-label="${say('Kết quả', 'Result')}"><p class="links"><strong>${say(
    `${many} hồ sơ, ${lines.length} dòng kết quả.`,
    `${counted(many, 'dossier', 'dossiers')}, ${counted(lines.length, 'line', 'lines')}.`,
  )}</strong> <a download="${action}.csv" href="${fileOf(visit, lines, head)}">${say('Tải kết quả (CSV)', 'Download the result (CSV)')}</a></p>
${table<Line>({
  caption: say('Theo thứ tự của danh sách', 'In the order of the list'),
  empty: '',
  items: lines,
  columns: [
    { head: say('Hồ sơ', 'Dossier'), cell: ({ code }) => dossierLink(code) },
    { head: say('Trạng thái', 'Status'), cell: ({ status }) => status || '–' },
    { head: say('Hạn trả', 'Due'), cell: ({ due }) => due || '–' },
    { head: say('Bên nhận', 'Receiver'), cell: ({ party }) => partyLink(visit, party) },
    { head: say('Nội dung', 'What'), cell: ({ operation }) => operationOf(visit, operation) },
    { head, cell: ({ result }) => result },
    {
      head: say('Lượt', 'Delivery'),
      cell: ({ delivery }) =>
        delivery === undefined ? '–' : html`<a href="/console/deliveries/${delivery}">${delivery}</a>`,
    },
  ],
})}</section>`;
}

/** The result inside of its link, so that the hub stores nothing and does nothing a second time. */
function fileOf(visit: Visit, lines: readonly Line[], head: string): string {
  const { say } = visit;
  const names = [
    say('Hồ sơ', 'Dossier'),
    say('Trạng thái', 'Status'),
    say('Hạn trả', 'Due'),
    say('Bên nhận', 'Receiver'),
    head,
    say('Lượt', 'Delivery'),
  ];
  const rows = lines.map(({ code, status, due, party, result, delivery }) => [
    code,
    status,
    due,
    party && titleOf(visit, party),
    result,
    delivery ?? '',
  ]);
  return `data:text/csv;charset=utf-8,${encodeURIComponent(spreadsheet([names, ...rows]))}`;
}
