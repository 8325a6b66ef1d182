import { type Problem, pointer, problem, say } from '#kit';
import type { Settings } from './settings.ts';
import { isSendable, operationProblems } from './wire.ts';

/** Settings that would make every call or answer fail. Messages show no value, because it may be a secret. */
export function settingsProblems(settings: Settings): readonly Problem[] {
  return [
    ...operationProblems(settings),
    ...headerProblems(settings),
    ...sessionProblems(settings),
    ...grantProblems(settings),
    ...unreadCodes(settings),
    ...unprovenPushes(settings),
  ];
}

/** The usual cause is a line break at the end of a secret that was read from a file. */
function headerProblems({ headers = {}, security }: Settings): readonly Problem[] {
  const token = security?.kind === 'bearer' ? [['/security/token', security.token] as const] : [];
  const fixed = Object.entries(headers).map(([name, text]) => [`/headers/${pointer(name)}`, text] as const);
  return [...fixed, ...token].flatMap(([path, text]) => (isSendable(text) ? [] : [problem(path, 'not-for-a-header')]));
}

function sessionProblems({ security, session }: Settings): readonly Problem[] {
  return security?.kind === 'session' && !session
    ? [problem('/session', 'missing', { expected: say('how-to-log-in') })]
    : [];
}

/** A grant by password needs the user. */
function grantProblems({ security, username, password }: Settings): readonly Problem[] {
  if (security?.kind !== 'oauth2' || security.grant !== 'password') return [];
  const missing = [...(username === undefined ? ['/username'] : []), ...(password === undefined ? ['/password'] : [])];
  return missing.map((path) => problem(path, 'missing', { expected: say('how-to-log-in') }));
}

/** Without `answer.code` the only code of an answer is its HTTP status. */
function unreadCodes({ answer = {} }: Settings): readonly Problem[] {
  const { code, message: _, pattern: __, says = [], ...lists } = answer;
  if (code !== undefined) return [];
  return [
    ...says.map((___, at) => problem(`/answer/says/${at}/code`, 'in-no-answer')),
    ...Object.entries(lists).flatMap(([meaning, codes]) =>
      codes.flatMap((one, at) =>
        /^http-\d{3}$/.test(one) ? [] : [problem(`/answer/${meaning}/${at}`, 'in-no-answer')],
      ),
    ),
  ];
}

/** Without a receipt every push would need a look-up and be sent again. */
function unprovenPushes({ answer = {}, push = {} }: Settings): readonly Problem[] {
  if (answer.code !== undefined || [answer.ok, answer.taken].flat().some((one) => one?.startsWith('http-2'))) return [];
  const args = { expected: say('proof-of-push') };
  return Object.entries(push).flatMap(([name, told]) =>
    told && told.reference === undefined ? [problem(`/push/${name}/reference`, 'missing', args)] : [],
  );
}
