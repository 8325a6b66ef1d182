import { html } from 'hono/html';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import type { FlashMessage } from './flash-message.ts';
import type { Form } from './forms.ts';

/**
 * An order that was not carried out. Its page is shown again, and its form has the typed texts, to be corrected. Where the
 * page no longer has the form, it shows the texts to copy.
 */
export interface Unsent {
  /** The address to which the form sends the order. */
  readonly path: string;
  readonly form: Form;
  /** Why it was not carried out. */
  readonly message: FlashMessage;
  /** The names of the texts that no form has shown yet. `typedIn` removes them. */
  readonly notShown: Set<string>;
}

/** The fields of texts that an officer would not like to write again. */
const TEXTS = ['why', 'text', 'cause', 'measures', 'lines', 'codes'] as const;

/** The texts of a form, unless it has only a short reason. A long reason may be the answer to a citizen. */
export function longTextsIn(form: Form): readonly string[] {
  const texts = TEXTS.flatMap((name) => form(name) ?? []);
  const isShort = texts.length === 1 && texts[0] === form('why') && (texts[0]?.length ?? 0) <= LONGEST_SHORT;
  return isShort ? [] : texts;
}

/** Characters of a short reason. */
const LONGEST_SHORT = 60;

/** Undefined where the form has no text to keep. */
export function unsentOf(path: string, form: Form, message: FlashMessage): Unsent | undefined {
  const notShown = new Set(TEXTS.filter((name) => form(name) !== undefined));
  return notShown.size > 0 ? { path, form, message, notShown } : undefined;
}

/** Hidden fields that name the next page. They may differ when the form is shown again. */
const NEXT_PAGE = ['next', 'back'];

/** Whether a form is the one that was not carried out: by its address, and by its hidden fields where forms share one. */
export function isUnsent(
  unsent: Unsent | undefined,
  path: string,
  hidden: Readonly<Record<string, string | undefined>> = {},
): unsent is Unsent {
  if (unsent?.path !== path) return false;
  return Object.entries(hidden).every(
    ([name, value]) => NEXT_PAGE.includes(name) || unsent.form(name) === (value || undefined),
  );
}

/** The text that the officer typed into a field of this form, which shows it. */
export function typedIn(unsent: Unsent | undefined, path: string, name: string): string | undefined {
  if (!isUnsent(unsent, path)) return undefined;
  unsent.notShown.delete(name);
  return unsent.form(name);
}

/** The texts whose form the page no longer has. To be asked after all forms of the page. */
export function textsNotShown({ form, notShown }: Unsent): readonly string[] {
  return [...notShown].flatMap((name) => form(name) ?? []);
}

/** Texts that were not sent, to copy. */
export function textsToCopy(say: Say, texts: readonly string[]): Html {
  return unsentTexts(say('Nội dung chưa gửi, để sao chép', 'What was not sent, to copy'), texts);
}

export function unsentTexts(label: string, texts: readonly string[]): Html {
  if (texts.length === 0) return html``;
  return html`<section class="card entries">${texts.map(
    (text) => html`<label>${label}
<textarea readonly rows="6">${text}</textarea></label>`,
  )}</section>`;
}
