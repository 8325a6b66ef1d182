import type { Context, Hono } from 'hono';
import type { Say } from '../language.ts';
import { languageOf, sayIn } from '../language.ts';
import { createApi } from './api.ts';
import type { ConsoleContext } from './console-context.ts';
import { type FlashMessage, setFlashMessage } from './flash-message.ts';
import { type Form, formOf, hasToken } from './forms.ts';
import { showScreen } from './frame.ts';
import type { OwnKey } from './records.ts';
import { crossSite } from './refusals.ts';
import { forgetSession, sessionOf } from './session.ts';
import type { Screen, Visit } from './visit.ts';

/** Where screens and orders are added, with paths below /console. */
export interface Site {
  /** What is loaded is shown; a file is given to the browser to keep. */
  screen(path: string, load: (visit: Visit) => Promise<Screen | Response>): void;
  /** What a form does. It answers with where the officer goes, and what is said there. */
  order(path: string, carryOut: (visit: Visit, form: Form) => Promise<FlashMessage>): void;
}

/** @param app that answers the operators' interface */
export function createSite(site: Hono, app: Pick<Hono, 'fetch'>, hub: ConsoleContext): Site {
  /** Asked at each request: a key that is taken away or changed is out at the next one. */
  async function visitOf(c: Context): Promise<Visit | undefined> {
    const session = await sessionOf(c, hub);
    if (!session) return undefined;
    const api = createApi(app, session.secret);
    const { body: key } = await api.get<OwnKey>('key');
    return key && { c, api, key, say: sayIn(languageOf(c)), nowMs: hub.nowMs(), token: session.token };
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
    order(path, carryOut) {
      site.post(path, async (c) => {
        const visit = await visitOf(c);
        if (!visit) {
          if (path !== SIGN_OUT) setFlashMessage(c, hub, notDone(sayIn(languageOf(c))));
          return toSignIn(c, hub);
        }
        const form = await formOf(c);
        if (!hasToken(form, visit.token)) return showScreen(visit, hub, crossSite(visit.say));
        const told = await carryOut(visit, form);
        setFlashMessage(c, hub, told);
        return c.redirect(told.to, 303);
      });
    },
  };
}

/** An order without a session: signing out, of all orders, is done by that. */
export const SIGN_OUT = '/sign-out';

/** What was ordered is not kept for after signing in, and whoever ordered it has to know. */
function notDone(say: Say): FlashMessage {
  const text = say(
    'Phiên làm việc đã hết; yêu cầu vừa gửi chưa được thực hiện. Hãy đăng nhập rồi làm lại.',
    'The session is over, and what you ordered was not done. Sign in, and order it again.',
  );
  return { to: '/console/sign-in', text, isDone: false };
}

/** A cookie that opens nothing is forgotten; where another site led here none was sent, and there may be a good one. */
function toSignIn(c: Context, hub: ConsoleContext, after?: string): Response {
  // Where the page asks for one, it is the language of the next page as well.
  languageOf(c);
  if (c.req.header('cookie')?.includes('lienthong-console=')) forgetSession(c, hub);
  const { pathname, search } = after === undefined ? { pathname: '', search: '' } : new URL(after);
  const next = pathname === '' || pathname === '/console' ? '' : `?${new URLSearchParams({ next: pathname + search })}`;
  return c.redirect(`/console/sign-in${next}`, 303);
}
