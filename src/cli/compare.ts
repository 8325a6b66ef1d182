import type { Command } from 'commander';
import { DAY_MS, msToInstant, readPeriod } from '#core/dates/dates';
import { render } from '#messages/render';
import { loadConfig } from '../config/config.ts';
import { type ComparedState, comparePartners, type PartnerComparison } from '../ledger/compare-partners.ts';
import { knownParties } from '../ledger/party-states.ts';
import { withDatabase } from './open-database.ts';
import { type CommonOptions, type Result, runCommand, USAGE, UsageError } from './run-command.ts';

interface CompareOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
}

/** `lienthong compare`: compares the outcomes of the same events at two parties. */
export function addCompare(program: Command): void {
  program
    .command('compare')
    .description('compare the answers of two parties to the same deliveries')
    .argument('<party>', 'the old party, for example')
    .argument('<other>', 'the party that shall replace it')
    .option('--from <time>', 'deliveries created since: a date, or a time with a zone; by default a week ago')
    .option('--to <time>', 'deliveries created until: a date, or a time with a zone')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((party: string, other: string, options: CompareOptions) =>
      runCommand(options, () => compare(party, other, options), USAGE),
    );
}

const HELP = `
Exit codes: 0 both answered the same in all they both answered; 1 they did not; 2 nothing was sent to both, or the comparison failed.`;

const WEEK_MS = 7 * DAY_MS;

async function compare(party: string, other: string, options: CompareOptions): Promise<Result> {
  if (party === other) throw new UsageError(`${party} is compared with itself: name another party`);
  const period = readPeriod(options);
  if ('wrong' in period) throw new UsageError(`--${period.wrong}: ${render(period.error, 'en')}`);
  const { from = msToInstant(Date.now() - WEEK_MS), to = msToInstant(Date.now()) } = period;
  const compared = await withDatabase(loadConfig(process.env, undefined, false), async (database) => {
    const known = await knownParties(database);
    const unknown = [party, other].find((one) => !known.includes(one));
    if (unknown !== undefined)
      throw new UsageError(`there is no party ${JSON.stringify(unknown)}; there are ${known.join(', ') || 'none'}`);
    return comparePartners(database, { left: party, right: other, from, to });
  });
  const { agreement } = compared;
  return {
    text: textOf(party, other, compared),
    document: { party, with: other, from, to, ...compared },
    failed: agreement !== null && agreement < 1,
    incomplete: agreement === null,
  };
}

function textOf(party: string, other: string, { agreement, pairs, taking }: PartnerComparison): string {
  if (pairs.length === 0) return `no event was sent to both ${party} and ${other}`;
  const share = agreement === null ? 'no event was answered by both' : `${percentOf(agreement)} % answered the same`;
  return [
    share,
    ...pairs.map(
      ({ left, right, deliveries, dossiers, sample }) =>
        `  ${deliveries} (${dossiers} dossiers): ${party} ${wordsOf(left)}, ${other} ${wordsOf(right)}: ${sample.map(({ code }) => code).join(' ')}`,
    ),
    ...(taking
      ? [
          `taken within ${taking.left.median.toFixed(1)} s by ${party} (95 %: ${taking.left.p95.toFixed(1)} s), ${taking.right.median.toFixed(1)} s by ${other} (95 %: ${taking.right.p95.toFixed(1)} s)`,
        ]
      : []),
  ].join('\n');
}

function wordsOf({ state, reason }: ComparedState): string {
  return reason === null ? state : `${state} (${reason})`;
}

/** Rounds down, so that one difference never shows as 100 %. */
function percentOf(share: number): string {
  return (Math.floor(share * 10_000) / 100).toFixed(2);
}
