import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import type { ConsoleContext } from './console-context.ts';
import { openText, sealText } from './sealed.ts';
import { scopeOf } from './session.ts';
import type { Screen } from './visit.ts';

/** The result of an order, and the page that shows it. */
export interface FlashMessage {
  readonly to: string;
  readonly text: string;
  readonly isDone: boolean;
  /** The status of the page where it shows the form again. */
  readonly status?: Screen['status'];
}

const COOKIE = 'lienthong-console-flash';
const USE = 'console flash';

/** Stores the message for the next page. It is sealed, so nobody else can put text into our pages. */
export function setFlashMessage(
  c: Context,
  hub: Pick<ConsoleContext, 'vault' | 'clients'>,
  { to, text, isDone }: FlashMessage,
): void {
  const value = sealText(hub.vault, USE, { text: text.slice(0, 400), isDone });
  setCookie(c, COOKIE, value, { ...scopeOf(c, hub, to.split('?')[0]), maxAge: 60 });
}

/** Returns the message for this page. It is shown once. */
export function takeFlashMessage(
  c: Context,
  hub: Pick<ConsoleContext, 'vault' | 'clients'>,
): Omit<FlashMessage, 'to'> | undefined {
  const kept = getCookie(c, COOKIE);
  if (kept === undefined) return undefined;
  deleteCookie(c, COOKIE, scopeOf(c, hub, c.req.path));
  const { text, isDone } = openText(hub.vault, USE, kept) ?? {};
  return typeof text === 'string' ? { text, isDone: isDone === true } : undefined;
}

/** The message at the top of a page. */
export function messageCard({ text, isDone }: Pick<FlashMessage, 'text' | 'isDone'>): Html {
  return html`<p class="card told" role="${isDone ? 'status' : 'alert'}">${text}</p>`;
}
