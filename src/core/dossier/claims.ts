import type { Dossier } from '#schemas/dossier.upsert.v1';
import { type DossierEvent, isOwn } from './event.ts';
import type { DossierView } from './state.ts';

/**
 * JSON Pointers of the members that a party claims about a dossier of another owner: they differ from the view and have no
 * effect.
 *
 * @param fillsOnly the event has the time of a record of the owner, so it only adds missing members
 */
export function claimedPaths(
  event: DossierEvent & { readonly said?: object | undefined },
  view: DossierView,
  owner: string,
  fillsOnly = false,
): readonly string[] {
  if (isOwn(event, owner)) return [];
  const { shared = [] } = event;
  if (!event.record) return shared.includes('status') ? [] : ['/status'];
  const allowed = shared.includes('status') ? [...shared, 'statusAt', ...WITH_STATUS] : shared;
  // Two statuses at one time are an anomaly of their own.
  const members = fillsOnly ? allowed.filter((member) => member === 'status' || member === 'statusAt') : allowed;
  const known: Readonly<Record<string, unknown>> = { ...view.record };
  return Object.entries(event.record)
    .filter(
      ([member, value]) =>
        !['code', 'aliases'].includes(member) && !members.includes(member) && differs(value, known[member]),
    )
    .filter(([member]) => member !== 'statusAt' || event.status !== view.status)
    .map(([member]) => `/${member}`);
}

/** The members of the event's record that the event may change. */
export function sharedOf({ record, shared = [] }: DossierEvent, known: Dossier, fillsOnly: boolean): Dossier {
  const members = shared.includes('status') ? [...shared, ...WITH_STATUS] : shared;
  const given = Object.entries(record ?? {}).filter(
    ([member]) =>
      (members.includes(member) || (member === 'aliases' && members.length > 0)) &&
      !(fillsOnly && member in known && member !== 'aliases'),
  );
  return { ...Object.fromEntries(given), code: known.code } as Dossier;
}

/** A party that may change the status may change these dates too. */
const WITH_STATUS = ['finishedAt', 'returnedAt', 'refusedAt'];

/** Whether a value contradicts or extends the known one. An object with fewer members does neither. */
function differs(value: unknown, known: unknown): boolean {
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    typeof known !== 'object' ||
    known === null
  )
    return JSON.stringify(value) !== JSON.stringify(known);
  return Object.entries(value).some(([member, one]) => differs(one, (known as Record<string, unknown>)[member]));
}
