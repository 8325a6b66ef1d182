import type { LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import type { Acknowledged } from '../clients/acknowledgements.ts';
import type { Day } from '../day/day.ts';
import { dialectDate } from '../day/dialect-items.ts';
import { NATIONAL_CODE } from '../day/events.ts';
import type { Book, PartnerName } from '../participants/partners.ts';
import type { HistoryEntry } from './check-index.ts';
import type { Expected } from './expectation.ts';
import { type Finding, finding } from './finding.ts';

type Item = Readonly<Record<string, string>>;

/** What a partner took of one dossier: records and steps, in the order in which it took them. */
interface Taken {
  readonly records: readonly LedgerEntry[];
  readonly steps: readonly LedgerEntry[];
}

/** What the partners' own books lack, or have too often. */
export function checkPartners(
  books: Readonly<Record<PartnerName, Book>>,
  day: Pick<Day, 'atMinistry' | 'ofUnknownService'>,
  expected: ReadonlyMap<string, Expected>,
  histories: ReadonlyMap<string, readonly HistoryEntry[]>,
): readonly Finding[] {
  const portal = byDossier(books['national-portal']);
  const oneStop = byDossier(books['one-stop']);
  const waiting = new Set(day.ofUnknownService);
  return [
    ...Object.entries(books).flatMap(([name, { repeats, entries }]) =>
      repeats > 0 ? finding('duplicated', `${name}: took ${repeats} things twice: ${twiceIn(entries)}`, name) : [],
    ),
    ...[...expected.values()].flatMap((one) =>
      waiting.has(one.code)
        ? notThere(portal.get(one.code), one)
        : portalProblems(portal.get(one.code) ?? NOTHING, one, histories.get(one.code) ?? []),
    ),
    ...strangers(portal, expected),
    ...registrationProblems(books['civil-status'], day.atMinistry),
    ...day.atMinistry.flatMap((code) =>
      toldBackProblems(code, oneStop.get(code) ?? NOTHING, histories.get(code) ?? []),
    ),
  ];
}

function twiceIn(entries: Book['entries']): string {
  const names = entries.filter(({ count }) => count > 1).map(({ kind, key }) => `${kind} ${key}`);
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
}

const NOTHING: Taken = { records: [], steps: [] };

function byDossier({ entries }: Book): ReadonlyMap<string, Taken> {
  const taken = new Map<string, { records: LedgerEntry[]; steps: LedgerEntry[] }>();
  for (const entry of entries) {
    const one = taken.get(entry.key) ?? { records: [], steps: [] };
    taken.set(entry.key, one);
    (entry.kind === 'progress' ? one.steps : one.records).push(entry);
  }
  return taken;
}

function portalProblems(
  { records, steps }: Taken,
  expected: Expected,
  history: readonly HistoryEntry[],
): readonly Finding[] {
  const { code, status, events } = expected;
  const last = records.at(-1)?.content as Item | undefined;
  if (!last) return [atPortal('lost', `${code}: not at the national portal`)];
  const names = steps.map(({ content }) => stepName(content as Item));
  const told = events.filter((one) => one.told.kind === 'progress');
  const theirs = history.filter(({ party }) => party === 'civil-status').length;
  return [
    ...(last.TrangThaiHoSo === NATIONAL_CODE[status]
      ? []
      : [
          atPortal(
            'wrong',
            `${code}: the national portal has status ${last.TrangThaiHoSo}, expected ${NATIONAL_CODE[status]}`,
          ),
        ]),
    ...told.flatMap((one) => {
      const times = names.filter((name) => name === nameOf(one)).length;
      return times === 1
        ? []
        : atPortal('lost', `${code}: the national portal has the step ${nameOf(one)} ${times} times`);
    }),
    ...(steps.length === told.length + theirs
      ? []
      : [
          atPortal(
            steps.length < told.length + theirs ? 'lost' : 'invented',
            `${code}: the national portal has ${steps.length} steps, expected ${told.length + theirs}`,
          ),
        ]),
    ...orderProblems(code, names, told),
  ];
}

/** A step that waited for its dossier goes when that has come, beside those that follow: it has no place of its own. */
function orderProblems(code: string, names: readonly string[], told: readonly Acknowledged[]): readonly Finding[] {
  const inOrder = told.filter((one) => one.told.fate === 'applied').sort((a, b) => a.order - b.order);
  const places = inOrder.map((one) => names.indexOf(nameOf(one)));
  const isMixed = places.some((place, at) => at > 0 && place < (places[at - 1] as number));
  return isMixed
    ? [atPortal('overtaken', `${code}: the steps at the national portal are not in the order in which they were told`)]
    : [];
}

function stepName({ ThoiDiemXuLy, TrangThai, NguoiXuLy }: Item): string {
  return `${ThoiDiemXuLy} ${TrangThai} ${NguoiXuLy}`;
}

function nameOf({ told }: Acknowledged): string {
  return `${dialectDate(told.at)} ${NATIONAL_CODE[told.status]} ${told.actor}`;
}

function notThere(taken: Taken | undefined, { code }: Expected): readonly Finding[] {
  return taken
    ? [atPortal('invented', `${code}: at the national portal, although its service is not known there`)]
    : [];
}

function strangers(taken: ReadonlyMap<string, Taken>, expected: ReadonlyMap<string, Expected>): readonly Finding[] {
  return [...taken.keys()]
    .filter((code) => !expected.has(code))
    .map((code) => atPortal('invented', `${code}: at the national portal, and not acknowledged`));
}

function atPortal(kind: Finding['kind'], text: string): Finding {
  return finding(kind, text, 'national-portal');
}

function registrationProblems({ entries }: Book, codes: readonly string[]): readonly Finding[] {
  const times = new Map<string, number>();
  for (const { key, count } of entries) times.set(key, (times.get(key) ?? 0) + count);
  const wrong = codes.filter((code) => times.get(code) !== 1);
  const others = [...times.keys()].filter((code) => !codes.includes(code));
  return [
    ...wrong.map((code) => {
      const count = times.get(code) ?? 0;
      const text = `${code}: registered ${count} times at the civil-status system`;
      return finding(count === 0 ? 'lost' : 'duplicated', text, 'civil-status');
    }),
    ...others.map((code) =>
      finding('invented', `${code}: registered at the civil-status system, and not for it`, 'civil-status'),
    ),
  ];
}

/** The one-stop system is told of each step that the hub has from the ministry, once. */
function toldBackProblems(code: string, { steps }: Taken, history: readonly HistoryEntry[]): readonly Finding[] {
  const theirs = history.filter(({ party }) => party === 'civil-status').map(({ at, status }) => `${status} at ${at}`);
  const told = steps.map(({ content }) => `${(content as Item).status} at ${(content as Item).at}`);
  const lacking = theirs.filter((name) => !told.includes(name));
  return [
    ...(theirs.length === 0 ? [finding('lost', `${code}: nothing came back from the civil-status system`)] : []),
    ...lacking.map((name) => finding('lost', `${code}: the one-stop system was not told ${name}`, 'one-stop')),
    ...(told.length > theirs.length
      ? [finding('invented', `${code}: the one-stop system was told more than the ministry said`, 'one-stop')]
      : []),
  ];
}
