import type { Context, Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { render } from '#messages/render';
import { mediaTypeOf } from '../../http/body.ts';
import { readUpload, type Upload } from '../../http/upload.ts';
import { type Language, languageOf, type Say, sayIn } from '../language.ts';
import type { Html } from '../layout.ts';
import { createApi } from './api.ts';
import type { ConsoleContext } from './console-context.ts';
import { type FlashMessage, setFlashMessage } from './flash-message.ts';
import { type Form, formOf, hasToken } from './forms.ts';
import { showScreen } from './frame.ts';
import type { OwnKey } from './records.ts';
import { crossSite, refusalText } from './refusals.ts';
import { forgetSession, sessionOf } from './session.ts';
import { hasShortcuts } from './shortcuts.ts';
import { signInPage } from './sign-in-page.ts';
import { longTextsIn, type Unsent, unsentOf } from './unsent.ts';
import type { Screen, Visit } from './visit.ts';

/** Adds screens and orders, with paths below /console. */
export interface Site {
  /** Shows what `load` returns. A file becomes a download. */
  screen(path: string, load: (visit: Visit) => Promise<Screen | Response>): void;
  /** Sends a part of a page again and again, as server-sent events. Answers 429 to a key with too many open streams. */
  stream(path: string, everyMs: number, load: (visit: Visit) => Promise<Html>): void;
  /** Adds the order of a form. It returns the next page and the message for it, or a page with the result. */
  order(path: string, carryOut: (visit: Visit, form: Form) => Promise<FlashMessage | Screen>): void;
  /** The same for a form with one file. */
  upload(path: string, carryOut: (visit: Visit, form: Form, file: Upload) => Promise<FlashMessage | Screen>): void;
}

/** @param app the app with the operators' API */
export function createSite(site: Hono, app: Pick<Hono, 'fetch'>, hub: ConsoleContext): Site {
  const of = { app, hub };
  const titles = new Map([...hub.parties].map(([id, { title }]) => [id, title]));
  const questionOf: Visit['questionOf'] = (party, question) => hub.parties.get(party)?.questions.get(question);

  /** Checked at each request: a removed or changed key is signed out at the next one. */
  async function visitOf(c: Context): Promise<Visit | undefined> {
    const session = await sessionOf(c, hub);
    if (!session) return undefined;
    const language = languageOf(c);
    const api = createApi(app, session.secret, language, hub.clients.originOf(c));
    const { body: key } = await api.get<OwnKey>('key');
    const { token } = session;
    const say = sayIn(language);
    const unsent = unsentBy.get(c.req.raw);
    const nowMs = hub.nowMs();
    return key && { c, api, key, say, nowMs, titles, questionOf, hasShortcuts: hasShortcuts(c), unsent, token };
  }

  return {
    screen(path, load) {
      site.get(path, async (c) => {
        const visit = await visitOf(c);
        if (!visit) return toSignIn(c, hub, c.req.url);
        const loaded = await load(visit);
        return loaded instanceof Response ? loaded : showScreen(visit, hub, loaded);
      });
    },
    stream(path, everyMs, load) {
      site.get(path, async (c) => {
        const visit = await visitOf(c);
        if (!visit) return c.body(null, 401);
        // Hono answers HEAD by GET. Nobody would read its stream, which would hold its slot for good.
        if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
        return streamed(visit, hub, (stream) => sendParts(stream, hub, everyMs, () => visitOf(c), load));
      });
    },
    order(path, carryOut) {
      site.post(path, async (c) => {
        const visit = await visitOf(c);
        if (!visit) return signedOut(c, hub, path);
        return answer(of, visit, await formOf(c), (form) => carryOut(visit, form));
      });
    },
    upload(path, carryOut) {
      site.post(path, async (c) => {
        const visit = await visitOf(c);
        if (!visit) return signedOut(c, hub, path);
        return hub.bodies.ofKey(visit.key.id, async (load) => {
          const file = await readUpload(c, hub.maxBodyBytes, load).catch((error) => notTaken(visit, hub, error));
          if (file instanceof Response) return file;
          const form: Form = (name) => file.fields.get(name)?.trim() || undefined;
          return answer(of, visit, form, () => carryOut(visit, form, file));
        });
      });
    },
  };
}

/** The orders that were not carried out, by the requests for the pages that show their forms again. */
const unsentBy = new WeakMap<Request, Unsent>();

/** Carries out the order of a form, and shows the next page. */
async function answer(
  { app, hub }: { readonly app: Pick<Hono, 'fetch'>; readonly hub: ConsoleContext },
  visit: Visit,
  form: Form,
  carryOut: (form: Form) => Promise<FlashMessage | Screen>,
): Promise<Response> {
  const { c } = visit;
  if (!hasToken(form, visit.token)) return showScreen(visit, hub, crossSite(visit.say, longTextsIn(form)));
  const result = await carryOut(form);
  if (!('to' in result)) return showScreen(visit, hub, result);
  const unsent = result.isDone ? undefined : unsentOf(c.req.path, form, result);
  if (unsent) {
    const page = pageRequest(c, result.to);
    unsentBy.set(page, unsent);
    return app.fetch(page, c.env);
  }
  setFlashMessage(c, hub, result);
  return c.redirect(result.to, 303);
}

/** A page asked for in place of the officer, whose cookie would have no room for the texts of a form. */
function pageRequest(c: Context, to: string): Request {
  const headers = new Headers(c.req.raw.headers);
  for (const name of ['content-length', 'content-type', 'transfer-encoding']) headers.delete(name);
  return new Request(new URL(to, c.req.url), { headers });
}

/** Shows the page of the form again, with the reason why the file did not arrive as one file. @throws an internal error */
function notTaken({ c, say }: Visit, hub: ConsoleContext, error: unknown): Response {
  const { kind, status, words, headers } = hub.refusalOf(error);
  if (kind === 'internal') throw error;
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  const detail = render(words, say('vi', 'en') as Language);
  setFlashMessage(c, hub, { to: c.req.path, isDone: false, text: refusalText(say, { status, detail }) });
  return c.redirect(c.req.path, 303);
}

/** An order after the end of the session. It is not carried out, and its long texts are not lost. */
async function signedOut(c: Context, hub: ConsoleContext, path: string): Promise<Response> {
  const page = c.req.header('referer');
  if (path === SIGN_OUT) return toSignIn(c, hub);
  const unsent = await textsSentIn(c);
  if (unsent.length > 0) return signInPage(c, hub, 401, { next: pageOf(page), unsent }, notDone);
  setFlashMessage(c, hub, { to: '/console/sign-in', text: notDone(sayIn(languageOf(c))), isDone: false });
  return toSignIn(c, hub, page);
}

/** The long texts of an order that is not carried out. None of an upload, whose file the browser has. */
export async function textsSentIn(c: Context): Promise<readonly string[]> {
  const isForm = c.req.method === 'POST' && mediaTypeOf(c) === 'application/x-www-form-urlencoded';
  return isForm ? longTextsIn(await formOf(c)) : [];
}

/** @throws Refusal 429 when the key has too many open streams */
function streamed(
  { c, key }: Visit,
  hub: ConsoleContext,
  send: (stream: SSEStreamingApi) => Promise<void>,
): Response | Promise<Response> {
  const leave = hub.openStreams.take(key.id);
  // Nginx would hold events back until a buffer is full.
  c.header('X-Accel-Buffering', 'no');
  return streamSSE(c, (stream) => {
    stream.onAbort(leave);
    return send(stream).finally(leave);
  });
}

/** Sends a part until the officer leaves, the session ends or the hub stops. */
async function sendParts(
  stream: SSEStreamingApi,
  { telemetry, isDraining, nextChange }: ConsoleContext,
  everyMs: number,
  visitNow: () => Promise<Visit | undefined>,
  load: (visit: Visit) => Promise<Html>,
): Promise<void> {
  const isOver = (): boolean => stream.aborted || isDraining();
  try {
    while (!isOver()) {
      // A change wakes all waiters, also the one of a hub that stops.
      const untilMs = performance.now() + everyMs;
      while (!isOver() && performance.now() < untilMs) await nextChange(Math.max(untilMs - performance.now(), 1));
      if (isOver()) return;
      const visit = await visitNow();
      await stream.writeSSE(visit ? { data: String(await load(visit)) } : { event: 'signed-out', data: '' });
      if (!visit) return;
    }
  } catch (error) {
    telemetry.failed('GET /console stream', error);
  }
}

/** The only order without a session: signing out. */
export const SIGN_OUT = '/sign-out';

/**
 * The order is not stored until after the sign-in, so the officer must know that it was not carried
 * out.
 */
function notDone(say: Say): string {
  return say(
    'Phiên làm việc đã hết; yêu cầu vừa gửi chưa được thực hiện. Hãy đăng nhập rồi làm lại.',
    'The session has ended, and your order was not carried out. Sign in and repeat it.',
  );
}

/**
 * Deletes an invalid cookie. A request from another site has no cookie, although the browser may hold
 * a valid one.
 */
function toSignIn(c: Context, hub: ConsoleContext, after?: string): Response {
  // Stores the requested language for the next page.
  languageOf(c);
  if (c.req.header('cookie')?.includes('lienthong-console=')) forgetSession(c, hub);
  const page = pageOf(after) ?? '/console';
  const next = page === '/console' ? '' : `?${new URLSearchParams({ next: page })}`;
  return c.redirect(`/console/sign-in${next}`, 303);
}

/** The page of an address, without its host. The sign-in checks it. */
function pageOf(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { pathname, search } = new URL(address);
  return pathname + search;
}
