import type { Operation } from '#schemas/operations';
import type { Service } from '#schemas/service.upsert.v1';
import { serviceKey } from '../identifiers/identifiers.ts';
import type { RecordItem } from './item.ts';

/** A route: records of `from` by `operation` go to each of `to`. Services, fields and a share of dossiers narrow it. */
export interface Route {
  readonly from: string;
  readonly operation: Operation;
  readonly to: readonly string[];
  readonly services?: readonly string[];
  readonly fields?: readonly string[];
  readonly share?: Share;
  /** Parties that send their dossiers to the recipients by another way than the hub. */
  readonly exceptOwners?: readonly string[];
}

/**
 * A fixed part of all dossiers, in hundredths: from `from` to before `to`. One dossier always falls into the same part.
 */
export interface Share {
  readonly from: number;
  readonly to: number;
}

/** The members by which routes filter. */
export interface Subject {
  /** Only for dossiers. */
  readonly code?: string | undefined;
  readonly serviceCode?: string | undefined;
  readonly fieldCode?: string | undefined;
}

/**
 * The recipients of a party's record: each once, and never the party itself.
 *
 * @param owner of the dossier that the record is or concerns
 */
export function recipients(
  routes: readonly Route[],
  from: string,
  operation: Operation,
  subject: Subject,
  owner?: string,
): readonly string[] {
  const parties = new Set<string>();
  for (const route of routes)
    if (route.from === from && route.operation === operation && matches(route, subject))
      if (owner === undefined || !route.exceptOwners?.includes(owner))
        for (const party of route.to) if (party !== from) parties.add(party);
  return [...parties];
}

/** Splits the routes of dossiers by recipient, each without the owners that send their dossiers there themselves. */
export function withoutSelfSent(
  routes: readonly Route[],
  sendsItself: ReadonlyMap<string, readonly string[]>,
): readonly Route[] {
  const sendersTo = (party: string): readonly string[] =>
    [...sendsItself].flatMap(([owner, parties]) => (parties.includes(party) ? owner : []));
  return routes.flatMap((route) => {
    const isOfDossiers = route.operation.startsWith('dossier.');
    if (!isOfDossiers || route.to.every((party) => sendersTo(party).length === 0)) return route;
    return route.to.map((party): Route => ({ ...route, to: [party], exceptOwners: sendersTo(party) }));
  });
}

/** The members by which routes filter a catalogue entry. Only a service has any. */
export function subjectOfEntry({ operation, record }: Pick<RecordItem, 'operation' | 'record'>): Subject {
  if (operation !== 'service.upsert.v1') return {};
  const { code, fieldCode } = record as Service;
  return { serviceCode: code, fieldCode };
}

function matches(route: Route, { code, serviceCode, fieldCode }: Subject): boolean {
  if (route.share && code !== undefined && !isIn(route.share, code)) return false;
  if (!route.services && !route.fields) return true;
  const key = serviceCode && serviceKey(serviceCode);
  return (
    (route.services?.some((code) => serviceKey(code) === key) ?? false) ||
    (route.fields?.some((code) => code === fieldCode) ?? false)
  );
}

function isIn({ from, to }: Share, code: string): boolean {
  const place = placeOf(code);
  return from <= place && place < to;
}

/** The position of a dossier among a hundred, from its code alone (FNV-1a): the same in every process and version. */
function placeOf(code: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < code.length; at++) hash = Math.imul(hash ^ code.charCodeAt(at), 0x01000193);
  // The lowest bits of neighbouring codes are correlated, so the upper ones are mixed in.
  hash ^= hash >>> 15;
  return (Math.imul(hash, 0x2c1b3c6d) >>> 0) % 100;
}
