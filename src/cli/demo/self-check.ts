import { checkFeed } from './check-feed.ts';
import { checkIndex, checkRepairs } from './check-index.ts';
import { checkPartners } from './check-partners.ts';
import { expectedDossiers, wrongOutcomes } from './expectation.ts';
import { askMinistry } from './ministry-book.ts';
import type { Book, PartnerName } from './partners.ts';
import type { DayRun } from './run-day.ts';
import type { Stage } from './stage.ts';

/** Hold the hub against what it acknowledged, and against what the partners say they took. Each line is one fault. */
export async function checkItself(
  { partners, secrets }: Stage,
  { day, acknowledgements, unfinished, ask }: DayRun,
  books: Readonly<Record<PartnerName, Book>>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const ministry = await askMinistry(partners['civil-status'], day.atMinistry, signal);
  const expected = expectedDossiers(acknowledgements, ministry);
  const means = { ask, portalKey: secrets.portal, inspectorKey: secrets.inspector };
  const index = await checkIndex(means, expected);
  const feed = await checkFeed(ask, secrets.portal, expected);
  return [
    ...unfinished,
    ...wrongOutcomes(acknowledgements),
    ...[
      ...index.findings,
      ...(await checkRepairs(means, day.repairs)),
      ...feed.findings,
      ...checkPartners(books, day, expected, index.histories),
    ].map(({ text }) => text),
  ];
}
