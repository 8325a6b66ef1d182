import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { everyPage } from './api.ts';
import { choiceField, orderForm } from './forms.ts';
import type { CodeTable, WholeCause } from './records.ts';
import type { Visit } from './visit.ts';

/** A possible target of a code, and its name. */
export interface Meaning {
  readonly to: string;
  readonly label: string;
}

/** Longer tables are not shown. The officer writes the code. */
const MOST_MEANINGS = 30;

/** The targets for an unmapped code. Empty for catalogue codes and other kinds of cause. */
export async function meaningsFor({ api }: Visit, { unmapped, parties }: WholeCause): Promise<readonly Meaning[]> {
  if (!unmapped) return [];
  const { table: name, from } = unmapped;
  const { body } = await everyPage<CodeTable>(api, 'code-tables', { party: parties[0] });
  const entries = body?.find(({ table }) => table === name)?.entries ?? [];
  const isOurs = entries.some(({ is }) => is === from);
  const meanings = new Map(entries.map(({ code, is, label }) => [isOurs ? code : is, label]));
  return meanings.size > MOST_MEANINGS ? [] : [...meanings].map(([to, label]) => ({ to, label }));
}

/**
 * The forms that resolve a cause: map, release, dismiss. None is preselected, because a similar name
 * proves nothing.
 */
export function decideForms(visit: Visit, found: WholeCause, meanings: readonly Meaning[]): Html {
  const { say } = visit;
  const isUnmapped = found.kind === 'unmapped';
  return html`<section class="decide" aria-label="${say('Quyết định', 'Decide')}">
${isUnmapped ? mapForm(visit, found, meanings) : ''}
<details class="card"${isUnmapped ? html`` : html` open`}><summary>${say('Cho qua', 'Release')}</summary>
<p class="note">${releaseText(visit, found.kind)}</p>${resolveForm(visit, found, 'release', say('Cho qua', 'Release'))}</details>
<details class="card"><summary>${say('Bỏ, không áp dụng', 'Dismiss')}</summary>
<p class="note">${say(
    'Các mục này sẽ không được áp dụng hoặc chuyển đi; thông điệp gốc vẫn được lưu, các mục chờ phía sau được xử lý tiếp.',
    'The hub never applies or sends these items. It keeps the messages, and continues with the items behind them.',
  )}</p>${resolveForm(visit, found, 'dismiss', say('Bỏ', 'Dismiss'))}</details></section>`;
}

function releaseText({ say }: Visit, kind: string): string {
  if (kind === 'doubtful-text')
    return say('Giữ nguyên văn bản như đã nhận.', 'The hub uses the received text unchanged.');
  if (kind === 'code-conflict')
    return say(
      'Áp dụng nội dung đang chờ, thay cho nội dung đang lưu.',
      'The hub applies the waiting content in place of the stored one.',
    );
  return say(
    'Thử lại theo dữ liệu hiện tại; mục nào còn vướng sẽ tiếp tục chờ.',
    'The hub tries again with the current data. Items that still fail keep waiting.',
  );
}

function mapForm(visit: Visit, found: WholeCause, meanings: readonly Meaning[]): Html {
  const { say } = visit;
  const others = meanings.filter(({ to }) => !found.candidates.some((candidate) => candidate.to === to));
  const choices: readonly (Meaning & { readonly score?: number })[] = [...found.candidates, ...others];
  const fields = html`<fieldset><legend>${say('Ý nghĩa của mã', 'Meaning of the code')}</legend>${choices.map(
    ({ to, label, score }) =>
      html`<label class="choice"><input type="radio" name="to" value="${to}" required>
<span><strong>${to}</strong> ${label} ${
        score === undefined
          ? ''
          : html`<span class="note">${say('độ giống', 'similarity')} ${Math.round(score * 100)} %</span>`
      }</span></label>`,
  )}
${
  choices.length === 0
    ? ''
    : html`<label class="choice"><input type="radio" name="to" value="" required>${say('mã khác:', 'another code:')}</label>`
}<label>${say('Mã', 'Code')}<input name="other" maxlength="60" autocomplete="off"${
    choices.length === 0 ? html` required` : html``
  }></label></fieldset>`;
  return html`<section class="card"><h2>${say('Gán mã', 'Map the code')}</h2>
<p class="note">${say(
    'Thêm một dòng vào bảng mã (có phiên bản); áp dụng ngay cho các mục đang chờ và đang gửi.',
    'Adds a versioned line to the code table. It applies at once to waiting items and to deliveries.',
  )}</p>${resolveForm(visit, found, 'map', say('Gán mã và gỡ', 'Map and release'), fields)}</section>`;
}

function resolveForm(
  visit: Visit,
  { id, parties }: WholeCause,
  action: string,
  button: string,
  fields: Html = html``,
): Html {
  const { say } = visit;
  const all = { value: '', text: say('tất cả', 'all') };
  const choices = [all, ...parties.map((value) => ({ value, text: value }))];
  return orderForm(visit, {
    to: `/console/quarantine/${id}/resolve`,
    button,
    why: 'must',
    hidden: { action },
    fields: html`${fields}${parties.length > 1 ? choiceField('party', say('Cho bên', 'For the party'), choices) : ''}`,
  });
}
