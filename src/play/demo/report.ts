import type { Evidence } from '../checks/evidence.ts';
import { type Acknowledgements, OUTCOMES, type Outcome } from '../clients/acknowledgements.ts';
import type { Metrics } from '../clients/hub-metrics.ts';
import { LAND_CALLBACKS } from '../day/land-office.ts';
import { type Book, LAND, MINISTRIES, PARTNERS, SERVICES, SUBSCRIBER } from '../participants/participants.ts';
import { FORWARDED_TO } from '../participants/parties.ts';
import { reportText, table } from '../report-text.ts';
import type { Secrets } from '../stage/hub-file.ts';
import type { DemoStage } from './demo-stage.ts';
import type { DayRun } from './run-day.ts';

type Counts = Readonly<Record<Outcome, number>>;

interface AtPartner {
  /** From the partner's own book. */
  readonly records: number;
  readonly steps: number;
  readonly repeats: number;
  /** From the hub, as in the console: those behind another delivery of their dossier too. */
  readonly due: number;
  readonly held: number;
  readonly refused: number;
}

/** The participants whose books the report shows. */
const BOOK_KEEPERS = [...PARTNERS, FORWARDED_TO, ...SERVICES] as const;

/** What the demo prints at its end. */
export interface Report {
  readonly ok: boolean;
  readonly seconds: number;
  readonly url: string;
  readonly folder: string;
  readonly services: number;
  readonly dossiers: number;
  readonly changes: number;
  /** Records of other kinds in the index. */
  readonly records: number;
  readonly hubRestarts: number;
  /** Requests that partners repeated because no answer came. */
  readonly retries: number;
  readonly doors: Readonly<Record<string, Counts>>;
  readonly partners: Readonly<Record<(typeof BOOK_KEEPERS)[number], AtPartner>>;
  /** Changes that the subscriber got, from its own book. */
  readonly webhooks: number;
  /** The code of an example dossier. */
  readonly example: string;
  /** The proof with which a citizen looks the example up. */
  readonly proof: string;
  /** The differences that the check found; absent without a check. */
  readonly missing?: readonly string[] | undefined;
}

export interface ReportParts {
  readonly stage: DemoStage;
  readonly run: DayRun;
  readonly evidence: Evidence;
  readonly metrics: Metrics;
  readonly missing: readonly string[] | undefined;
  readonly seconds: number;
}

export function createReport({ stage, run, evidence, metrics, missing, seconds }: ReportParts): Report {
  const { acknowledgements } = run;
  const { books } = evidence;
  const pulled = (party: string, door: string): Counts =>
    Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, metrics.sum('hub_items_total', { party, door, outcome })]),
    ) as Counts;
  return {
    ok: (missing ?? run.unfinished).length === 0,
    seconds: Math.round(seconds * 10) / 10,
    url: stage.url,
    folder: stage.folder.path,
    services: run.services,
    dossiers: evidence.listed.length,
    changes: evidence.changes.length,
    records: evidence.records.listed.length,
    webhooks: books.get(SUBSCRIBER)?.count ?? 0,
    hubRestarts: stage.hubs.reduce((sum, { restarts }) => sum + restarts, 0),
    retries: acknowledgements.retries,
    doors: {
      'REST (one-stop)': acknowledgements.counts.rest,
      'national dialect (one-stop-legacy)': acknowledgements.counts['national-portal'],
      'SOAP (one-stop)': acknowledgements.counts.soap,
      'questions, petitions, ratings (one-stop)': acknowledgements.counts.records,
      'asking civil-status': pulled('civil-status', 'pull:results'),
      'called back by civil-status': pulled('civil-status', 'callback:status'),
      'asking national-portal': pulled('national-portal', 'pull:catalogue'),
      'asking national-portal, questions': pulled('national-portal', 'pull:questions'),
      'asking igate': pulled('igate', 'pull:dossiers'),
      'files of water-permits': pulled('water-permits', 'pull:dossiers'),
      'asking vnpost': pulled('vnpost', 'pull:tracking'),
      'called back by payment-platform': pulled('payment-platform', 'callback:ipn'),
      ...Object.fromEntries(
        LAND_CALLBACKS.map((name) => [`called back by land, ${name}`, pulled(LAND, `callback:${name}`)]),
      ),
      ...Object.fromEntries(
        MINISTRIES.flatMap((name) =>
          ['dossiers', 'progress'].map((what) => [`asking ${name}, ${what}`, pulled(name, `pull:${what}`)]),
        ),
      ),
    },
    partners: Object.fromEntries(
      BOOK_KEEPERS.map((name) => [name, atPartner(name, books.get(name) as Book, metrics)]),
    ) as Report['partners'],
    ...exampleOf(acknowledgements),
    missing,
  };
}

function exampleOf(acknowledgements: Acknowledgements): Pick<Report, 'example' | 'proof'> {
  for (const { event, outcome } of acknowledgements.all()) {
    const { phone } = (event.item as { applicant?: { phone?: string } }).applicant ?? {};
    if (outcome === 'accepted' && phone) return { example: event.code, proof: phone.slice(-4) };
  }
  return { example: '', proof: '' };
}

function atPartner(party: string, { entries, repeats }: Book, metrics: Metrics): AtPartner {
  const taken = (kinds: readonly string[]): number =>
    entries.filter(({ kind }) => kinds.includes(kind)).reduce((sum, { count }) => sum + count, 0);
  const waiting = (state: string): number => metrics.sum('hub_deliveries', { party, state });
  const refused = (follows: string): number => metrics.sum('hub_attempts_total', { party, follows });
  return {
    // Dossiers that the one-stop system entered itself did not come from the hub.
    records: party === 'one-stop' ? 0 : taken(['dossier', 'registration', 'rating', 'order', 'payment']),
    steps: taken(['progress', 'status']),
    repeats,
    due: waiting('due') + waiting('behind'),
    held: waiting('held'),
    refused: refused('refused') + refused('parked'),
  };
}

export function textOf(report: Report): string {
  const doors = Object.entries(report.doors).map(([name, counts]) => [
    name,
    ...OUTCOMES.map((outcome) => counts[outcome]),
  ]);
  const partners = Object.entries(report.partners).map(([name, at]) => [name, ...COLUMNS.map((column) => at[column])]);
  const { dossiers, changes, records, webhooks, services, seconds, hubRestarts, retries, missing } = report;
  const sizes = [
    `index: ${dossiers} dossiers, ${changes} changes, ${records} other records; ${services} services in use; ${seconds} s in all`,
    `changes sent to the subscriber by signed webhooks: ${webhooks}`,
    `requests that partners repeated without an answer: ${retries}; restarts of the hub after a death: ${hubRestarts}`,
    'records and steps are counted in the partners’ own books; repeats are items that a partner took twice;',
    'held deliveries wait for a decision in the quarantine, and due ones are next or wait behind another of their dossier',
  ];
  return reportText(
    [table(['what came in', ...OUTCOMES], doors), table(['what went out', ...COLUMNS], partners), sizes],
    missing && verdictOf(missing),
    missing,
  );
}

const COLUMNS = ['records', 'steps', 'repeats', 'due', 'held', 'refused'] as const;

function verdictOf({ length }: readonly string[]): string {
  return length === 0
    ? 'check: everything that was acknowledged is where it belongs, exactly once'
    : `check: ${length} differences`;
}

/** Addresses to visit while the demo stays up. */
export function addressesOf(
  { url, example, proof, folder }: Report,
  { portal, ops }: Pick<Secrets, 'portal' | 'ops'>,
): string {
  return [
    '',
    `what citizens see            ${url}/ (try ${example} and ${proof}), ${url}/services, ${url}/statistics`,
    `read and try the interface   ${url}/docs`,
    `OpenAPI document             ${url}/openapi.json`,
    `the operator’s console       ${url}/console (key ops, secret ${ops})`,
    `metrics                      ${url}/metrics`,
    'one dossier, with its history:',
    `  curl -H 'Authorization: Bearer ${portal}' ${url}/api/v1/dossiers/${example}`,
    `  curl -H 'Authorization: Bearer ${portal}' ${url}/api/v1/dossiers/${example}/history`,
    '',
    `It stays up until Ctrl-C. Its settings, keys and logs stay in ${folder} until the next demo deletes them.`,
  ].join('\n');
}
