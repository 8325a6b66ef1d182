import type { Operation } from '#schemas/operations';
import { serviceKey } from './identifiers.ts';

/** Who gets what: all that `from` tells by `operation` goes to each of `to`, if it is one of the services or fields named. */
export interface Route {
  readonly from: string;
  readonly operation: Operation;
  readonly to: readonly string[];
  readonly services?: readonly string[];
  readonly fields?: readonly string[];
}

interface Subject {
  readonly serviceCode?: string;
  readonly fieldCode?: string;
}

/** The parties that something of this party goes to: each once, and never back to where it came from. */
export function recipients(
  routes: readonly Route[],
  from: string,
  operation: Operation,
  subject: Subject,
): readonly string[] {
  const parties = routes
    .filter((route) => route.from === from && route.operation === operation && matches(route, subject))
    .flatMap((route) => route.to);
  return [...new Set(parties)].filter((party) => party !== from);
}

function matches(route: Route, { serviceCode, fieldCode }: Subject): boolean {
  if (!route.services && !route.fields) return true;
  const key = serviceCode && serviceKey(serviceCode);
  return (
    (route.services?.some((code) => serviceKey(code) === key) ?? false) ||
    (route.fields?.some((code) => code === fieldCode) ?? false)
  );
}
