import { type Problem, problem, received, say } from '#kit';
import { pemProblems } from '#ministry';
import type { Settings } from './settings.ts';

/** Settings that name an unknown service or a missing key file, or meanings of codes that the hub would never read. */
export function settingsProblems(settings: Settings): readonly Problem[] {
  return [...unknownServices(settings), ...unreadCodes(settings), ...unreadKeys(settings)];
}

function unreadKeys({ security }: Settings): readonly Problem[] {
  if (security?.kind !== 'x509') return [];
  return [
    ...pemProblems('/security/privateKey', security.privateKey),
    ...pemProblems('/security/certificate', security.certificate),
  ];
}

/** Questions to a service that the settings do not name. */
function unknownServices(settings: Settings): readonly Problem[] {
  const list = Object.keys(settings.services ?? {});
  const expected = list.length > 0 ? say('one-of', { list }) : say('none-known');
  const wrong = (node: unknown, path: string): readonly Problem[] => {
    if (typeof node !== 'object' || node === null) return [];
    const { operation, service } = node as { readonly operation?: unknown; readonly service?: unknown };
    const isUnknown = operation !== undefined && typeof service === 'string' && !list.includes(service);
    return [
      ...(isUnknown ? [problem(`${path}/service`, 'unexpected-name', { got: received(service), expected })] : []),
      ...Object.entries(node).flatMap(([name, inner]) => wrong(inner, `${path}/${name}`)),
    ];
  };
  const { session, pull, push, ask } = settings;
  return wrong({ session, pull, push, ask }, '');
}

/**
 * Without `answer.code` every answer that is no fault is success, so a refusal would count as delivered. Faults use `expired`
 * too. A `pattern` without `code` is a problem for every kind of system, reported elsewhere.
 */
function unreadCodes({ answer = {} }: Settings): readonly Problem[] {
  const { code, pattern, expired: _, ...read } = answer;
  if (code !== undefined || pattern !== undefined) return [];
  return Object.values(read).some((given) => given.length > 0) ? [problem('/answer/code', 'absent')] : [];
}
