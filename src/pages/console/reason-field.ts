import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { textField } from './forms.ts';
import { REASONS } from './reasons.ts';
import type { Visit } from './visit.ts';

/** A reason by its words. The field takes a code, and the browser offers both. */
export function reasonField({ say }: Visit, chosen: string | undefined): Html {
  const hint = html` list="reasons" placeholder="${say('chọn hoặc ghi', 'choose or write')}"`;
  return html`${textField('reason', say('Lý do', 'Reason'), chosen, hint)}<datalist id="reasons">${Object.entries(
    REASONS,
  ).map(
    ([code, [vietnamese, english]]) => html`<option value="${code}">${say(vietnamese, english)}</option>`,
  )}</datalist>`;
}
