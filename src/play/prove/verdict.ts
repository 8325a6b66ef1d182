import type { Expected } from '../checks/expectation.ts';
import { wrongOutcomes } from '../checks/expectation.ts';
import { type Finding, finding } from '../checks/finding.ts';
import { findFaults } from '../checks/self-check.ts';
import type { Acknowledgements } from '../clients/acknowledgements.ts';
import type { AskHub } from '../clients/hub-client.ts';
import type { Day } from '../day/day.ts';
import { FARTHER, NATIONAL_CODE } from '../day/events.ts';
import { type Book, PARTNERS, type PartnerName, type Partners } from '../participants/partners.ts';
import type { ProofDatabase } from '../stage/database.ts';
import type { Secrets } from '../stage/hub-file.ts';

export interface VerdictMeans {
  readonly database: ProofDatabase;
  readonly partners: Partners;
  readonly secrets: Secrets;
  readonly acknowledgements: Acknowledgements;
  readonly specials: Omit<Day, 'threads'>;
  readonly ask: AskHub;
  readonly signal: AbortSignal;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  /** Different things that were acknowledged, but for what was refused as invalid. */
  readonly accepted: number;
  readonly dossiers: number;
  readonly changes: number;
  /** Different things in each partner's book. */
  readonly delivered: Readonly<Record<PartnerName, number>>;
}

/** Hold the hub against the ledger outside of it, and against the partners' own books. */
export async function judge(means: VerdictMeans): Promise<Verdict> {
  const { acknowledgements, partners, signal } = means;
  const books = await readBooks(partners);
  const run = { day: means.specials, acknowledgements, ask: means.ask };
  const { findings, expected, dossiers, changes } = await findFaults(means, run, books, signal);
  const all = [
    ...wrongOutcomes(acknowledgements).map((text) => finding('wrong', text)),
    ...findings,
    ...recordsOutOfOrder(books, expected, new Set(means.specials.atMinistry)),
    ...(await inDatabase(means.database, acknowledgements)),
  ];
  const delivered = PARTNERS.map((name) => [name, books[name].count - books[name].repeats] as const);
  return {
    findings: all,
    accepted: acknowledgements.all().filter(({ outcome }) => outcome !== 'invalid').length,
    dossiers,
    changes: changes.length,
    delivered: Object.fromEntries(delivered) as Verdict['delivered'],
  };
}

async function readBooks(partners: Partners): Promise<Readonly<Record<PartnerName, Book>>> {
  const books = await Promise.all(PARTNERS.map(async (name) => [name, await partners[name].book()] as const));
  return Object.fromEntries(books) as Record<PartnerName, Book>;
}

/**
 * The states in which partners were shown a dossier, in the order of their books: those that it went through in the
 * order in which they were acknowledged. Where a ministry tells too, nobody outside knows that order.
 */
function recordsOutOfOrder(
  books: Readonly<Record<PartnerName, Book>>,
  expected: ReadonlyMap<string, Expected>,
  mixed: ReadonlySet<string>,
): readonly Finding[] {
  return Object.entries(books).flatMap(([name, { entries }]) => {
    const shown = new Map<string, string[]>();
    for (const { kind, key, content } of entries) {
      const status = (content as { TrangThaiHoSo?: string }).TrangThaiHoSo;
      if (kind !== 'dossier' || status === undefined) continue;
      shown.set(key, [...(shown.get(key) ?? []), status]);
    }
    return [...shown].flatMap(([code, statuses]) => {
      const one = expected.get(code);
      if (!one || mixed.has(code) || one.events.some(({ told }) => told.fate !== 'applied')) return [];
      const went = withoutRepeats(statesOf(one)).join(' → ');
      const found = withoutRepeats(statuses).join(' → ');
      return went === found
        ? []
        : [finding('overtaken', `${code}: ${name} was shown ${found}, expected ${went}`, name)];
    });
  });
}

function statesOf({ events }: Expected): readonly string[] {
  let at = '';
  let state = FARTHER[0] as (typeof FARTHER)[number];
  return [...events]
    .sort((a, b) => a.order - b.order)
    .map(({ told }) => {
      const isFurther = told.at === at && FARTHER.indexOf(told.status) > FARTHER.indexOf(state);
      if (told.at > at || isFurther) ({ at, status: state } = told);
      return NATIONAL_CODE[state];
    });
}

function withoutRepeats(list: readonly string[]): readonly string[] {
  return list.filter((one, at) => one !== list[at - 1]);
}

/** What only the tables tell: receipts, what waits for a person, and that the feed's cursors have no gap. */
async function inDatabase(database: ProofDatabase, acknowledgements: Acknowledgements): Promise<readonly Finding[]> {
  const receipts = [...acknowledgements.receipts];
  const kept = await database.rows<{ receipt: string }>(
    'SELECT DISTINCT receipt::text FROM messages WHERE receipt = ANY($1::uuid[])',
    [receipts],
  );
  const known = new Set(kept.map((row) => row.receipt));
  const waiting = await database.rows<{ code: string }>(
    'SELECT DISTINCT code FROM quarantine WHERE settled_at IS NULL AND delivery_id IS NULL',
  );
  const held = new Set(waiting.map((row) => row.code));
  const [feed] = await database.rows<{ count: number; last: number }>(
    'SELECT count(*)::int AS count, coalesce(max(cursor), 0)::int AS last FROM changes',
  );
  return [
    ...receipts.filter((receipt) => !known.has(receipt)).map((id) => finding('lost', `the message of receipt ${id}`)),
    ...acknowledgements
      .all()
      .filter(({ told }) => told.fate === 'waits' && !held.has(told.code))
      .map(({ told }) => finding('lost', `${told.code}: what was quarantined does not wait any more`)),
    ...(feed && feed.count !== feed.last
      ? [finding('lost', `the change feed has ${feed.count} changes and ends at ${feed.last}`)]
      : []),
  ];
}
