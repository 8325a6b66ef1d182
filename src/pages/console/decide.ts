import { html } from 'hono/html';
import { isOurValue } from '#core/identifiers/codes';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { counted, number, percent } from '../words.ts';
import { everyPage } from './api.ts';
import { type PreviewLine, previewPath } from './code-preview.ts';
import { choiceField, orderForm } from './forms.ts';
import { heldText } from './record-orders.ts';
import type { CodeTable, WholeCause } from './records.ts';
import { isUnsent } from './unsent.ts';
import type { Visit } from './visit.ts';
import { MEANINGS, STATUSES, word } from './words.ts';

/** A possible target of a code, and its name. */
export interface Meaning {
  readonly to: string;
  readonly label: string;
}

/** What a code may be mapped to. */
export interface Targets {
  /** Listed for the officer to choose from. */
  readonly meanings: readonly Meaning[];
  /** Whether the officer may write another code. */
  readonly isOpen: boolean;
}

/** A cause, and the one that the officer decides after it. */
export type Decided = WholeCause & { readonly following: string | undefined };

/** Longer tables are not shown. The officer writes the code. */
const MOST_MEANINGS = 30;

const ANY_CODE: Targets = { meanings: [], isOpen: true };

/** The targets for an unmapped code. None are listed for catalogue codes and other kinds of cause. */
export async function targetsFor({ api }: Visit, { unmapped, parties }: WholeCause): Promise<Targets> {
  if (!unmapped) return ANY_CODE;
  const { body } = await everyPage<CodeTable>(api, 'code-tables', { party: parties[0] });
  const table = body?.find((one) => one.table === unmapped.table);
  return table ? targetsIn(table, unmapped.from) : ANY_CODE;
}

/**
 * What the hub accepts (`mappingProblem`). With `{ code: '4', is: 'processing' }` in a table, the partner's new code 11 may become
 * `processing`. If the table works both ways, our `processing` may become 4, or a code that the table does not have yet.
 */
function targetsIn(table: CodeTable, from: string): Targets {
  const isOurs = isOurValue(table, from);
  const meanings = new Map(table.entries.map(({ code, is, label }) => [isOurs ? code : is, label]));
  // The entry of a meaning without a code yet.
  meanings.delete('');
  if (meanings.size === 0 || meanings.size > MOST_MEANINGS) return ANY_CODE;
  return { meanings: [...meanings].map(([to, label]) => ({ to, label })), isOpen: isOurs };
}

/**
 * The forms that resolve a cause: map, release, dismiss. None is preselected, because a similar name
 * proves nothing.
 */
export function decideForms(visit: Visit, found: Decided, targets: Targets): Html {
  const { say } = visit;
  const isUnmapped = found.kind === 'unmapped';
  const isRefused = (action: string): boolean => isUnsent(visit.unsent, resolvePath(found), { action });
  const { release, dismiss } = found.kind === 'held' ? heldTexts(say) : textsOf(visit, found);
  return html`<section class="decide" aria-label="${say('Quyết định', 'Decide')}">
${isUnmapped ? mapForm(visit, found, targets) : ''}
<details class="card" data-key="r"${isUnmapped && !isRefused('release') ? html`` : html` open`}><summary>${release.title}</summary>
<p class="note">${release.note}</p>${resolveForm(visit, found, 'release', release.button)}</details>
<details class="card" data-key="d"${isRefused('dismiss') ? html` open` : ''}><summary>${dismiss.title}</summary>
<p class="note">${dismiss.note}</p>${resolveForm(visit, found, 'dismiss', dismiss.button)}</details></section>`;
}

interface DecisionText {
  readonly title: string;
  readonly note: string;
  readonly button: string;
}

type DecisionTexts = Readonly<Record<'release' | 'dismiss', DecisionText>>;

function textsOf(visit: Visit, { kind, items, deliveries }: WholeCause): DecisionTexts {
  const { say } = visit;
  const many = number(say, items + deliveries);
  return {
    release: {
      title: say('Cho qua', 'Release'),
      note: releaseText(visit, kind),
      button: say(`Cho qua ${many} mục`, `Release ${many}`),
    },
    dismiss: {
      title: say('Bỏ, không áp dụng', 'Dismiss'),
      note: say(
        'Các mục này sẽ không được áp dụng hoặc chuyển đi; thông điệp gốc vẫn được lưu, các mục chờ phía sau được xử lý tiếp.',
        'The hub never applies or sends these items. It keeps the messages, and continues with the items behind them.',
      ),
      button: say(`Bỏ ${many} mục`, `Dismiss ${many}`),
    },
  };
}

/** A held question or petition has the words of its own page. */
function heldTexts(say: Say): DecisionTexts {
  const [release, dismiss] = [heldText(say, 'release'), heldText(say, 'dismiss')];
  return {
    release: { title: release.title, note: release.note, button: release.title },
    dismiss: { title: dismiss.title, note: dismiss.note, button: dismiss.title },
  };
}

function releaseText({ say }: Visit, kind: string): string {
  if (kind === 'doubtful-text')
    return say('Giữ nguyên văn bản như đã nhận.', 'The hub uses the received text unchanged.');
  if (kind === 'code-conflict')
    return say(
      'Áp dụng nội dung đang chờ, thay cho nội dung đang lưu.',
      'The hub applies the waiting content in place of the stored one.',
    );
  if (kind === 'contradiction')
    return say(
      'Chấp nhận báo cáo này dù trái với bản ghi. Trước khi quyết định, hãy đối chiếu với bên báo.',
      'The hub counts the report although it contradicts the record. Compare it with the party’s books first.',
    );
  return say(
    'Thử lại theo dữ liệu hiện tại; mục nào còn vướng sẽ tiếp tục chờ.',
    'The hub tries again with the current data. Items that still fail keep waiting.',
  );
}

function mapForm(visit: Visit, found: Decided, { meanings, isOpen }: Targets): Html {
  const { say } = visit;
  const many = number(say, found.items + found.deliveries);
  const isSent = Object.hasOwn(STATUSES, found.unmapped?.from ?? '');
  const others = meanings.filter(({ to }) => !found.candidates.some((candidate) => candidate.to === to));
  const choices: readonly Choice[] = [...found.candidates, ...others];
  const fields = html`<fieldset><legend>${say('Ý nghĩa của mã', 'Meaning of the code')}</legend>${choices.map(
    (choice) => choiceOf(visit, found, choice),
  )}
${isOpen ? writtenCode(visit, choices.length > 0) : ''}</fieldset>`;
  return html`<section class="card" data-key="m"><h2>${say('Gán mã', 'Map the code')}</h2>
<p>${effectOf(visit, found)}</p>
<p class="note">${say(
    'Thêm một dòng vào bảng mã (có phiên bản); áp dụng ngay cho các mục đang chờ và đang gửi.',
    'Adds a versioned line to the code table. It applies at once to waiting items and to deliveries.',
  )}${isSent && !isOpen ? html` ${notOffered(visit)}` : ''}</p>${resolveForm(visit, found, 'map', say(`Gán mã và gỡ ${many} mục`, `Map and release ${many}`), fields)}
${isOpen ? tryForm(visit, found) : ''}</section>`;
}

/** What the decision changes at once. The preview of a meaning shows the rest. */
function effectOf({ say }: Visit, { dossiers, items, deliveries }: WholeCause): Html {
  return html`<strong>${say(`Gỡ ${number(say, dossiers)} hồ sơ:`, `Dossiers that this frees: ${number(say, dossiers)}.`)}</strong> ${say(
    `${number(say, items)} mục được áp dụng, ${number(say, deliveries)} lượt được chuyển, theo thứ tự. “Thử trước” cho xem mọi thay đổi khác.`,
    `${counted(items, 'item is', 'items are')} applied and ${counted(deliveries, 'delivery is', 'deliveries are')} sent, in order. “Try first” shows every other change.`,
  )}`;
}

type Choice = Meaning & { readonly score?: number };

/** A lower similarity of names says nothing. */
const LEAST_SCORE = 0.5;

function choiceOf(visit: Visit, found: WholeCause, { to, label, score = 0 }: Choice): Html {
  const { say } = visit;
  const name = label === to ? word(say, MEANINGS, to) : label;
  const similarity =
    score < LEAST_SCORE
      ? ''
      : html` <span class="note">${say('độ giống', 'similarity')} ${percent(say, Math.round(score * 100))}</span>`;
  return html`<div class="acts"><label class="choice"><input type="radio" name="to" value="${to}" required>
<span><strong>${name}</strong>${name === to ? '' : html` <code class="note">${to}</code>`}${similarity}</span></label>
<a href="${previewPath(lineOf(found, to))}" aria-label="${say(`Thử trước với ${name}`, `Try ${name} first`)}">${say('Thử trước', 'Try first')}</a></div>`;
}

/** The field for a code that is not among the choices. */
function writtenCode({ say }: Visit, hasChoices: boolean): Html {
  const other = html`<label class="choice"><input type="radio" name="to" value="" required>${say('mã khác:', 'another code:')}</label>`;
  return html`${hasChoices ? other : ''}<label>${say('Mã', 'Code')}<input name="other" maxlength="60" autocomplete="off"${
    hasChoices ? html`` : html` required`
  }></label>`;
}

/** Only the settings of the party can add a word that the hub sends. */
function notOffered({ say }: Visit): string {
  return say(
    'Nếu không có ý nghĩa phù hợp: bổ sung vào bảng mã trong cấu hình của bên đó, khởi động lại, rồi bấm Cho qua.',
    'If no meaning fits: add it to the code table in the settings of the party, restart the hub, then release.',
  );
}

/** The line that a decision would enter, for the first party of the cause. */
function lineOf({ unmapped, parties }: WholeCause, to?: string): PreviewLine {
  return { party: parties[0] ?? '', table: unmapped?.table ?? '', from: unmapped?.from ?? '', to };
}

/** The preview of a code that the officer writes. */
function tryForm({ say }: Visit, found: WholeCause): Html {
  const { party, table, from } = lineOf(found);
  return html`<form class="fields order" method="get" action="${previewPath()}">
<input type="hidden" name="party" value="${party}"><input type="hidden" name="table" value="${table}"><input type="hidden" name="from" value="${from}">
<label>${say('Thử trước với mã', 'Try a code first')}<input name="to" required maxlength="60" autocomplete="off"></label>
<button class="quiet">${say('Thử trước', 'Try first')}</button></form>`;
}

function resolvePath({ id }: WholeCause): string {
  return `/console/quarantine/${id}/resolve`;
}

function resolveForm(visit: Visit, found: Decided, action: string, button: string, fields: Html = html``): Html {
  const { say } = visit;
  const { parties, following } = found;
  const all = { value: '', text: say('tất cả', 'all') };
  const choices = [all, ...parties.map((value) => ({ value, text: value }))];
  return orderForm(visit, {
    to: resolvePath(found),
    button,
    why: 'must',
    hidden: { action, next: following },
    fields: html`${fields}${parties.length > 1 ? choiceField('party', say('Cho bên', 'For the party'), choices) : ''}`,
  });
}
