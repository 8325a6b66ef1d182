import { setTimeout as sleep } from 'node:timers/promises';
import type { Hono } from 'hono';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { Refusal } from '../../http/problem.ts';
import { sameText } from '../../secrets/same-text.ts';
import { parameterOf, type Say } from '../language.ts';
import { createApi } from './api.ts';
import type { ConsoleContext } from './console-context.ts';
import { formOf } from './forms.ts';
import type { OwnKey } from './records.ts';
import { beginSession, endSession } from './session.ts';
import { safeNext, signInPage } from './sign-in-page.ts';
import { SIGN_OUT, type Site } from './site.ts';

/** The party in refusals of unknown officers. */
const CONSOLE = 'lienthong console';

/** A wrong secret delays the answer by this time. Too many lock the address out. */
const WRONG_MS = 500;

/** An officer signs in with a key. */
export function addSignIn(hono: Hono, site: Site, app: Pick<Hono, 'fetch'>, hub: ConsoleContext): void {
  hono.get('/sign-in', (c) => signInPage(c, hub, 200, { next: parameterOf(c, 'next') }));

  hono.post('/sign-in', async (c) => {
    const form = await formOf(c);
    const next = form('next');
    const id = form('id') ?? '';
    const given = { next, id };
    const secret = form('secret') ?? '';
    const { status, body: key } = await ownKey(app, secret);
    const isTheirs = key !== undefined && sameText(key.id, id);
    const waitS = await waitOf(hub.guessLimit.check(c, isTheirs ? { id: key.id, secret } : undefined));
    if (waitS !== undefined) {
      c.header('Retry-After', String(waitS));
      return signInPage(c, hub, 429, given, (say) =>
        say(
          `Địa chỉ này đã nhập sai quá nhiều lần. Hãy thử lại sau ${Math.ceil(waitS / 60)} phút.`,
          `Too many wrong secrets came from this address. Try again in ${Math.ceil(waitS / 60)} min.`,
        ),
      );
    }
    const subject = auditSubject('key', hub.isKey(id) ? id : 'unknown');
    if (isTheirs) {
      await hub.attempts.write({ actor: key.id, action: 'console.sign-in', subject });
      beginSession(c, hub, secret);
      return c.redirect(safeNext(next), 303);
    }
    await hub.attempts.write({ actor: CONSOLE, action: 'console.sign-in-refused', subject });
    await sleep(WRONG_MS);
    return signInPage(c, hub, status === 403 ? 403 : 401, given, status === 403 ? notAllowed : wrong);
  });

  site.order(SIGN_OUT, async ({ c, say, token, key: { id } }) => {
    await endSession(c, hub, token);
    await hub.attempts.write({ actor: id, action: 'console.sign-out', subject: auditSubject('key', id) });
    return { to: '/console/sign-in', text: say('Đã đăng xuất.', 'Signed out.'), isDone: true };
  });
}

/** The seconds that a locked-out address has to wait. Undefined when it is not locked out. */
async function waitOf(check: Promise<void> | undefined): Promise<number | undefined> {
  try {
    await check;
    return undefined;
  } catch (error) {
    const { kind, headers } = error as Partial<Refusal>;
    if (kind !== 'too-often') throw error;
    return Number(headers?.['Retry-After'] ?? 60);
  }
}

async function ownKey(app: Pick<Hono, 'fetch'>, secret: string) {
  // A secret that a header cannot carry belongs to no key.
  if (!/^[\x21-\x7e]+$/.test(secret)) return { status: 401, body: undefined };
  return createApi(app, secret, 'en').get<OwnKey>('key');
}

const wrong = (say: Say): string =>
  say('Tên đăng nhập hoặc mật khẩu không đúng.', 'The key id or the secret is wrong.');
const notAllowed = (say: Say): string =>
  say(
    'Tài khoản này không có quyền truy cập màn hình điều hành (ops:read).',
    'This key may not use the console: it lacks the scope ops:read.',
  );
