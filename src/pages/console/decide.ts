import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { everyPage } from './api.ts';
import { choiceField, orderForm } from './forms.ts';
import type { CodeTable, WholeCause } from './records.ts';
import type { Visit } from './visit.ts';

/** What a code may be mapped to, and the words for it. */
export interface Meaning {
  readonly to: string;
  readonly label: string;
}

/** Longer tables are not read through: one writes the code. */
const MOST_MEANINGS = 30;

/** All that the table of an unmapped code knows; nothing for codes of the catalogue, and for causes of other kinds. */
export async function meaningsFor({ api }: Visit, { unmapped, parties }: WholeCause): Promise<readonly Meaning[]> {
  if (!unmapped) return [];
  const { table: name, from } = unmapped;
  const { body } = await everyPage<CodeTable>(api, 'code-tables', { party: parties[0] });
  const entries = body?.find(({ table }) => table === name)?.entries ?? [];
  const isOurs = entries.some(({ is }) => is === from);
  const meanings = new Map(entries.map(({ code, is, label }) => [isOurs ? code : is, label]));
  return meanings.size > MOST_MEANINGS ? [] : [...meanings].map(([to, label]) => ({ to, label }));
}

/** The forms that settle a cause: map, release, dismiss. Nothing is chosen beforehand: a likeness is no meaning. */
export function decideForms(visit: Visit, found: WholeCause, meanings: readonly Meaning[]): Html {
  const { say } = visit;
  const isUnmapped = found.kind === 'unmapped';
  return html`<section class="decide" aria-label="${say('Quyết định', 'Decide')}">
${isUnmapped ? mapForm(visit, found, meanings) : ''}
<details class="card"${isUnmapped ? html`` : html` open`}><summary>${say('Cho qua', 'Release')}</summary>
<p class="note">${releaseText(visit, found.kind)}</p>${resolveForm(visit, found, 'release', say('Cho qua', 'Release'))}</details>
<details class="card"><summary>${say('Bỏ, không áp dụng', 'Dismiss')}</summary>
<p class="note">${say(
    'Những mục này không bao giờ được áp dụng hay chuyển đi; thông điệp gốc vẫn được giữ, những gì xếp sau chúng chạy tiếp.',
    'These are never applied or told; the messages are kept, and what is behind them goes on.',
  )}</p>${resolveForm(visit, found, 'dismiss', say('Bỏ', 'Dismiss'))}</details></section>`;
}

function releaseText({ say }: Visit, kind: string): string {
  if (kind === 'doubtful-text') return say('Chữ được lấy đúng như đã nhận.', 'The text is taken as it stands.');
  if (kind === 'code-conflict')
    return say(
      'Nội dung đang chờ được áp dụng, thay nội dung đã giữ.',
      'What waits is applied, in place of what is held.',
    );
  return say(
    'Thử lại như hiện nay; còn vướng thì chờ tiếp.',
    'It is tried again as things are; what cannot go on waits again.',
  );
}

function mapForm(visit: Visit, found: WholeCause, meanings: readonly Meaning[]): Html {
  const { say } = visit;
  const others = meanings.filter(({ to }) => !found.candidates.some((candidate) => candidate.to === to));
  const choices: readonly (Meaning & { readonly score?: number })[] = [...found.candidates, ...others];
  const fields = html`<fieldset><legend>${say('Mã này nghĩa là', 'The code stands for')}</legend>${choices.map(
    ({ to, label, score }) =>
      html`<label class="choice"><input type="radio" name="to" value="${to}" required>
<span><strong>${to}</strong> ${label} ${
        score === undefined ? '' : html`<span class="note">${say('giống', 'alike')} ${Math.round(score * 100)} %</span>`
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
    'Thêm một dòng vào bảng mã (có phiên bản); dùng ngay cho những gì đang chờ và đang gửi.',
    'A versioned line of the code table; it counts at once for what waits and what is sent.',
  )}</p>${resolveForm(visit, found, 'map', say('Gán mã và gỡ', 'Map and free'), fields)}</section>`;
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
