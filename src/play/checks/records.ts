import { ALL_KINDS } from '../../kinds/all-kinds.ts';
import type { AcknowledgedRecord, Acknowledgements, Outcome } from '../clients/acknowledgements.ts';
import { type AskHub, getJson } from '../clients/hub-client.ts';
import { atOnce, readAll } from '../clients/reading.ts';
import { errandRecords } from '../day/errand.ts';
import type { RecordEvent } from '../day/events.ts';
import { SUBSCRIBER } from '../participants/participants.ts';
import type { Evidence } from './evidence.ts';
import { compare, type Finding, type Lines, lastOf, linesOf } from './finding.ts';

/** What the hub shows of a record, by its kind and code. */
export interface ShownRecord {
  /** Such as `question H60-HD-1`. */
  readonly name: string;
  readonly state: string;
  readonly stateAt: string;
}

/** Everything that the hub shows of the records that the one-stop system pushed. */
export interface RecordEvidence {
  readonly listed: readonly ShownRecord[];
  readonly steps: readonly ShownRecord[];
  readonly changes: readonly ShownRecord[];
}

type Shown = Omit<ShownRecord, 'name'> & { readonly code: string };

/** The party that pushes the records of the day. Those of other parties, such as the questions of the national portal, are theirs. */
const SENDER = 'one-stop';

/** Reads its records of all kinds, with their histories and change feeds. */
export async function gatherRecords(ask: AskHub, key: string): Promise<RecordEvidence> {
  const found = await Promise.all(
    ALL_KINDS.map(async ({ name: kind, path }) => {
      const nameOf = ({ code, state, stateAt }: Shown): ShownRecord => ({ name: `${kind} ${code}`, state, stateAt });
      const listed = await readAll<Shown>(ask, key, `/api/v1/${path}?limit=200&party=${SENDER}`);
      const all = await readAll<Shown>(ask, key, `/api/v1/${path}?limit=200`);
      const own = new Set(listed.map(({ code }) => code));
      const foreign = new Set(all.map(({ code }) => code).filter((code) => !own.has(code)));
      const feed = await readAll<Shown>(ask, key, `/api/v1/changes?kind=${kind}&limit=200`);
      const changes = feed.filter(({ code }) => !foreign.has(code));
      const histories = await atOnce(listed, async ({ code }) => {
        const address = `/api/v1/${path}/${encodeURIComponent(code)}/history`;
        const { items = [] } = await getJson<{ items?: readonly { at: string; state: string }[] }>(ask, address, key);
        return items.map(({ at, state }) => ({ name: `${kind} ${code}`, state, stateAt: at }));
      });
      return { listed: listed.map(nameOf), changes: changes.map(nameOf), steps: histories.flat() };
    }),
  );
  return {
    listed: found.flatMap(({ listed }) => listed),
    steps: found.flatMap(({ steps }) => steps),
    changes: found.flatMap(({ changes }) => changes),
  };
}

const FITS: Readonly<Record<RecordEvent['fate'], readonly Outcome[]>> = {
  applied: ['accepted', 'duplicate', 'stale'],
  waits: ['quarantined'],
  invalid: ['invalid'],
};

const WHERE = 'records';
const nameOf = ({ name }: ShownRecord): string => name;
const stateOf = ({ state, stateAt }: ShownRecord): string => `${state} since ${stateAt}`;

/** Each acknowledged record is there once, in its latest state, with each of its states once in history and feed. */
export function checkRecords({ acknowledgements, records, specials }: Evidence): readonly Finding[] {
  const { listed, steps, changes } = withoutErrands(records, specials);
  const isErrand = errandRecords(errandDossiers(specials));
  const said = applied(acknowledgements).filter((one) => !isErrand(codeOf(one)));
  const current = latestOf(said);
  const where = { where: WHERE };
  return [
    ...wrongOutcomes(acknowledgements),
    ...compare({
      ...where,
      holder: 'the list',
      expected: current,
      found: linesOf(listed, nameOf, stateOf),
      by: 'state',
    }),
    ...compare({
      ...where,
      holder: 'its history',
      expected: linesOf(said, codeOf, ({ event }) => `${event.state} at ${event.at}`),
      found: linesOf(steps, nameOf, ({ state, stateAt }) => `${state} at ${stateAt}`),
    }),
    ...compare({
      ...where,
      holder: 'the feed of its kind',
      expected: current,
      found: lastOf(linesOf(changes, nameOf, stateOf)),
      by: 'state',
    }),
  ];
}

/** The subscriber got each line of the feeds once, in order, and nothing of what is held. */
export function checkRecordNotices({ books, records, specials }: Evidence): readonly Finding[] {
  const book = books.get(SUBSCRIBER);
  if (!book) return [];
  const isErrand = errandRecords(errandDossiers(specials));
  const notices = book.entries.flatMap(({ content }) => {
    const { type, data } = content as { type: string; data: Shown };
    const kind = type.slice(0, -'.changed'.length);
    const isMeant = kind !== 'dossier' && !isErrand(`${kind} ${data.code}`);
    return !isMeant ? [] : [{ name: `${kind} ${data.code}`, state: data.state, stateAt: data.stateAt }];
  });
  return compare({
    where: SUBSCRIBER,
    holder: 'the subscriber',
    expected: linesOf(
      withoutErrands(records, specials).changes.filter(({ state }) => state !== 'held'),
      nameOf,
      stateOf,
    ),
    found: linesOf(notices, nameOf, stateOf),
    by: 'order',
  });
}

/** The errands of citizens have checks of their own: their partners change the records too. */
function withoutErrands(records: RecordEvidence, specials: Evidence['specials']): RecordEvidence {
  const isErrand = errandRecords(errandDossiers(specials));
  const meant = (all: readonly ShownRecord[]): readonly ShownRecord[] => all.filter(({ name }) => !isErrand(name));
  return { listed: meant(records.listed), steps: meant(records.steps), changes: meant(records.changes) };
}

/** In the demo those dossiers have errands that are at rest at the ministry. */
function errandDossiers({ atMinistry, errands }: Evidence['specials']): readonly string[] {
  return [...atMinistry, ...errands.map(({ dossierCode }) => dossierCode)];
}

function wrongOutcomes(acknowledgements: Acknowledgements): readonly Finding[] {
  return acknowledgements
    .records()
    .filter(({ event, outcome }) => !FITS[event.fate].includes(outcome))
    .map(({ event: { kind, code, state, fate }, outcome }) => ({
      kind: 'wrong',
      text: `${kind} ${code}: ${state} was ${outcome}, expected ${FITS[fate][0]}`,
      where: WHERE,
    }));
}

const codeOf = ({ event: { kind, code } }: AcknowledgedRecord): string => `${kind} ${code}`;

function applied(acknowledgements: Acknowledgements): readonly AcknowledgedRecord[] {
  return acknowledgements.records().filter(({ event }) => event.fate !== 'invalid');
}

function latestOf(said: readonly AcknowledgedRecord[]): Lines {
  const latest = new Map<string, RecordEvent>();
  for (const one of said) {
    const known = latest.get(codeOf(one));
    if (!known || one.event.at > known.at) latest.set(codeOf(one), one.event);
  }
  const shown = [...latest].map(([name, { state, at, fate }]) => ({
    name,
    state: fate === 'waits' ? 'held' : state,
    stateAt: at,
  }));
  return linesOf(shown, nameOf, stateOf);
}
