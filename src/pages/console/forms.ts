import type { Context } from 'hono';
import { html } from 'hono/html';
import { readForm } from '../../http/body.ts';
import { sameText } from '../../secrets/same-text.ts';
import type { Html } from '../layout.ts';
import { isUnsent, typedIn } from './unsent.ts';
import type { Visit } from './visit.ts';

/** A field of a form, trimmed. Undefined when it is blank. */
export type Form = (name: string) => string | undefined;

const LARGEST_FORM = 64 * 1024;

/** @throws Refusal as readForm */
export async function formOf(c: Context): Promise<Form> {
  const reading = forms.get(c.req.raw) ?? readForm(c, LARGEST_FORM);
  forms.set(c.req.raw, reading);
  const body = await reading;
  return (name) => body.get(name)?.trim() || undefined;
}

/** A body can be read once. The page about an error asks for it again. */
const forms = new WeakMap<Request, Promise<URLSearchParams>>();

export function hasToken(form: Form, token: string): boolean {
  return sameText(form('token') ?? '', token);
}

export interface OrderForm {
  readonly to: string;
  readonly button: string | Html;
  /** Whether the form asks for a reason. */
  readonly why?: 'must' | 'may';
  /** The reason that the officer gave before, in a form to be corrected. */
  readonly whyGiven?: string | undefined;
  readonly fields?: Html | readonly Html[];
  readonly hidden?: Readonly<Record<string, string | undefined>> | undefined;
  readonly isQuiet?: boolean;
  /** The button's label for screen readers, which cannot see its position. */
  readonly label?: string;
}

/** A form that changes something. */
export function orderForm({ say, token, unsent }: Visit, form: OrderForm): Html {
  const { to, button, why, fields = [], hidden = {}, isQuiet = false, label } = form;
  const typed = why && isUnsent(unsent, to, hidden) ? typedIn(unsent, to, 'why') : undefined;
  const whyGiven = form.whyGiven ?? typed ?? '';
  const given = Object.entries(hidden).filter(([, value]) => value !== undefined);
  return html`<form class="fields order" method="post" action="${to}">
<input type="hidden" name="token" value="${token}">
${given.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
${fields}
${
  why === undefined
    ? ''
    : html`<label class="why">${
        why === 'may' ? say('Lý do (nếu có)', 'Reason (optional)') : say('Lý do', 'Reason')
      }<input name="why" value="${whyGiven}" maxlength="1000" autocomplete="off"${why === 'must' ? html` required` : ''}></label>`
}
<button${isQuiet ? html` class="quiet"` : ''}${label === undefined ? '' : html` aria-label="${label}"`}>${button}</button>
</form>`;
}

export interface Choice {
  readonly value: string;
  readonly text: string;
}

export function textField(name: string, label: string, value = '', more: Html = html``): Html {
  return html`<label>${label}<input name="${name}" value="${value}" maxlength="200" autocomplete="off"${more}></label>`;
}

export function choiceField(name: string, label: string, choices: readonly Choice[], chosen = ''): Html {
  return html`<label>${label}<select name="${name}">${choices.map(
    ({ value, text }) => html`<option value="${value}"${value === chosen ? html` selected` : ''}>${text}</option>`,
  )}</select></label>`;
}

/** A day and a month that there may be. The API refuses 31 April. */
const DAY = '(0?[1-9]|[12]\\d|3[01])/(0?[1-9]|1[0-2])/\\d{4}';

/** A day in Vietnamese notation, whatever the language of the browser. @param value as the API writes it */
export function dayField(name: string, label: string, value = ''): Html {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? [];
  const shown = year === undefined ? value : `${day}/${month}/${year}`;
  // A moment, which other pages link to, stays as it is.
  const isDay = value === '' || year !== undefined;
  return html`<label>${label}<input name="${name}" value="${shown}" placeholder="dd/mm/yyyy" size="11" maxlength="30" autocomplete="off"${
    isDay ? html` pattern="${DAY}" title="dd/mm/yyyy"` : ''
  }></label>`;
}
