import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import type { FlashMessage } from './flash-message.ts';
import type { Form } from './forms.ts';

/** What an officer typed into the form of an order that was not carried out. */
export interface Unsent {
  /** Where the form sends the order. */
  readonly path: string;
  readonly form: Form;
  /** Why it was not carried out. */
  readonly message: FlashMessage;
  /** The texts that no form of the page shows yet. */
  readonly left: Set<string>;
}

/** The fields of texts that nobody likes to write twice. */
export const LONG_TEXTS = ['text', 'cause', 'measures', 'lines', 'codes'] as const;

const TEXTS = ['why', ...LONG_TEXTS];

/** Undefined where the form has no text to keep. */
export function unsentOf(path: string, form: Form, message: FlashMessage): Unsent | undefined {
  const left = new Set(TEXTS.filter((name) => form(name) !== undefined));
  return left.size > 0 ? { path, form, message, left } : undefined;
}

/** Fixed fields that say which page comes next, which may be another one by now. */
const PAGES = ['next', 'back'];

/** Whether this is the form that was not carried out. @param hidden its fixed fields */
export function isUnsent(
  unsent: Unsent | undefined,
  path: string,
  hidden: Readonly<Record<string, string | undefined>> = {},
): unsent is Unsent {
  if (unsent?.path !== path) return false;
  const fixed = Object.entries(hidden).filter(([name]) => !PAGES.includes(name));
  return fixed.every(([name, value]) => unsent.form(name) === (value || undefined));
}

/** What the officer typed into a field of this form, to be corrected. */
export function typedIn(unsent: Unsent | undefined, path: string, name: string): string | undefined {
  if (!isUnsent(unsent, path)) return undefined;
  unsent.left.delete(name);
  return unsent.form(name);
}

/** Texts of a form that its page no longer has, to copy. */
export function unsentTexts(label: string, texts: readonly string[]): Html {
  if (texts.length === 0) return html``;
  return html`<section class="card entries">${texts.map(
    (text) => html`<label>${label}
<textarea readonly rows="6">${text}</textarea></label>`,
  )}</section>`;
}

/** The texts that no form of the page shows. */
export function textsLeft({ form, left }: Unsent): readonly string[] {
  return [...left].flatMap((name) => form(name) ?? []);
}
