import type { Acknowledgements } from '../clients/acknowledgements.ts';
import type { AskHub } from '../clients/hub-client.ts';
import type { Day } from '../day/day.ts';
import type { Books } from '../demo/report.ts';
import type { DayRun } from '../demo/run-day.ts';
import { TOLD } from '../participants/ministries.ts';
import { askMinistry } from '../participants/ministry-book.ts';
import type { Book, PartnerName } from '../participants/partners.ts';
import { checkSubscriber } from '../participants/subscriber.ts';
import type { Stage } from '../stage/processes.ts';
import { type Change, checkFeed } from './check-feed.ts';
import { checkIndex, checkRepairs } from './check-index.ts';
import { checkTold, type Standing } from './check-ministries.ts';
import { checkPartners } from './check-partners.ts';
import { type Expected, expectedDossiers, wrongOutcomes } from './expectation.ts';
import type { Finding } from './finding.ts';

/** Hold the hub against what it acknowledged, and against what the partners say they took. Each line is one fault. */
export async function checkItself(
  stage: Stage,
  run: DayRun,
  books: Books,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { findings, changes } = await findFaults(stage, run, books, signal);
  const all = [
    ...findings,
    ...checkTold(books[TOLD], run.pulled),
    ...checkSubscriber(await stage.subscriber.book(), changes, run.day.atMinistry),
  ];
  return [...run.unfinished, ...wrongOutcomes(run.acknowledgements), ...all.map(({ text }) => text)];
}

export interface Found {
  readonly findings: readonly Finding[];
  /** What the hub has to hold, by the code. */
  readonly expected: ReadonlyMap<string, Expected>;
  /** How many dossiers the index lists. */
  readonly dossiers: number;
  /** What the feed tells. */
  readonly changes: readonly Change[];
}

/** What the demo and the proof compare: the same whatever happened between the acknowledgement and the quiet. */
export async function findFaults(
  { partners, secrets }: Pick<Stage, 'partners' | 'secrets'>,
  run: {
    readonly day: Omit<Day, 'threads'>;
    readonly acknowledgements: Acknowledgements;
    readonly ask: AskHub;
    readonly pulled?: readonly Standing[];
  },
  books: Readonly<Record<PartnerName, Book>>,
  signal: AbortSignal,
): Promise<Found> {
  const { day, acknowledgements, ask } = run;
  const ministry = await askMinistry(partners['civil-status'], day.atMinistry, signal);
  const told = expectedDossiers(acknowledgements, ministry);
  const pulled = (run.pulled ?? []).map((one) => [one.code, { ...one, events: [], isPulled: true }] as const);
  const expected: ReadonlyMap<string, Expected> = new Map([...told, ...pulled]);
  const means = { ask, portalKey: secrets.portal, inspectorKey: secrets.inspector };
  const index = await checkIndex(means, expected);
  const feed = await checkFeed(ask, secrets.portal, expected);
  const findings = [
    ...index.findings,
    ...(await checkRepairs(means, day.repairs)),
    ...feed.findings,
    ...checkPartners(books, day, told, index.histories),
  ];
  return { findings, expected, dossiers: index.size, changes: feed.changes };
}
