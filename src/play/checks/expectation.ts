import { addTo } from '#core/group-by';
import type { Status } from '#schemas/dossier.upsert.v1';
import type { Acknowledged, Acknowledgements, Outcome } from '../clients/acknowledgements.ts';
import { FARTHER, type Fate } from '../day/events.ts';
import type { AtMinistry } from '../participants/civil-status-book.ts';

/** An entry of a dossier's history, as the hub shows it. */
export interface HistoryEntry {
  readonly at: string;
  readonly status: string;
  readonly actor?: string;
  readonly party: string;
}

/** The expected content of the hub for one dossier, from its acknowledgements and the ministry's reports. */
export interface Expected {
  readonly code: string;
  readonly status: Status;
  readonly at: string;
  /** The partners' events that belong to its history, in the order of acknowledgement. */
  readonly events: readonly Acknowledged[];
  /** The steps that its payments make. */
  readonly ofPayments: readonly HistoryEntry[];
}

const FITS: Readonly<Record<Fate, readonly Outcome[]>> = {
  applied: ['accepted', 'duplicate', 'stale'],
  released: ['quarantined', 'accepted', 'duplicate', 'stale'],
  waits: ['quarantined'],
  invalid: ['invalid'],
};

/** Outcomes that differ from those that the day was written for. */
export function wrongOutcomes(acknowledgements: Acknowledgements): readonly string[] {
  return acknowledgements
    .all()
    .filter(({ event, outcome }) => !FITS[event.fate].includes(outcome))
    .map(
      ({ event, outcome }) =>
        `${event.code}: ${event.kind} ${event.status} was ${outcome}, expected ${FITS[event.fate][0]}`,
    );
}

/** Computes the expected index without reading it: the latest event counts. */
export function expectedDossiers(
  acknowledgements: Acknowledgements,
  ministry: ReadonlyMap<string, AtMinistry>,
  paid: ReadonlyMap<string, readonly HistoryEntry[]>,
): ReadonlyMap<string, Expected> {
  const events = new Map<string, Acknowledged[]>();
  for (const one of acknowledgements.all()) {
    if (one.event.fate === 'waits' || one.event.fate === 'invalid') continue;
    addTo(events, one.event.code, one);
  }
  return new Map(
    [...events].map(([code, events]) => {
      const theirs = ministry.get(code);
      const ofPayments = paid.get(code) ?? [];
      const { status, at } = latest([
        ...events.map((one) => one.event),
        ...(theirs ? [theirs] : []),
        ...(ofPayments as readonly Moment[]),
      ]);
      return [code, { code, status, at, events, ofPayments }];
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
