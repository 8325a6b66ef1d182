import type { Status } from '#schemas/dossier.upsert.v1';
import type { Acknowledged, Acknowledgements, Outcome } from '../clients/acknowledgements.ts';
import { FARTHER, type Fate } from '../day/events.ts';
import type { AtMinistry } from '../participants/ministry-book.ts';

/** What the hub has to hold of one dossier, from what it acknowledged and from what the ministry says. */
export interface Expected {
  readonly code: string;
  readonly status: Status;
  readonly at: string;
  /** What partners told of it that belongs to its history, in the order of acknowledgement. */
  readonly events: readonly Acknowledged[];
  /** Pulled from a ministry: its history is compared with the ministry's own words, and it goes to nobody. */
  readonly isPulled?: boolean;
}

const FITS: Readonly<Record<Fate, readonly Outcome[]>> = {
  applied: ['accepted', 'duplicate', 'stale'],
  released: ['quarantined', 'accepted', 'duplicate', 'stale'],
  waits: ['quarantined'],
  invalid: ['invalid'],
};

/** Outcomes that are not those that the day was written for. */
export function wrongOutcomes(acknowledgements: Acknowledgements): readonly string[] {
  return acknowledgements
    .all()
    .filter(({ told, outcome }) => !FITS[told.fate].includes(outcome))
    .map(
      ({ told, outcome }) => `${told.code}: ${told.kind} ${told.status} was ${outcome}, expected ${FITS[told.fate][0]}`,
    );
}

/** Work out what has to be in the index, without a look at it: the latest event counts. */
export function expectedDossiers(
  acknowledgements: Acknowledgements,
  ministry: ReadonlyMap<string, AtMinistry>,
): ReadonlyMap<string, Expected> {
  const events = new Map<string, Acknowledged[]>();
  for (const one of acknowledgements.all()) {
    if (one.told.fate === 'waits' || one.told.fate === 'invalid') continue;
    events.set(one.told.code, [...(events.get(one.told.code) ?? []), one]);
  }
  return new Map(
    [...events].map(([code, told]) => {
      const theirs = ministry.get(code);
      const { status, at } = latest([...told.map((one) => one.told), ...(theirs ? [theirs] : [])]);
      return [code, { code, status, at, events: told }];
    }),
  );
}

interface Moment {
  readonly status: Status;
  readonly at: string;
}

function latest(moments: readonly Moment[]): Moment {
  return moments.reduce((best, one) =>
    one.at > best.at || (one.at === best.at && FARTHER.indexOf(one.status) > FARTHER.indexOf(best.status)) ? one : best,
  );
}
