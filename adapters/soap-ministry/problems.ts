import { type Problem, problem, received, say } from '#kit';
import type { Settings } from './settings.ts';

/** Questions to a service that the settings do not name. */
export function settingsProblems(settings: Settings): readonly Problem[] {
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
