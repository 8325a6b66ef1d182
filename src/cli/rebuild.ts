import { constants, setPriority } from 'node:os';
import type { Command } from 'commander';
import type { Difference } from '../rebuild/difference.ts';
import { usefulLanes } from '../rebuild/lanes.ts';
import type { RebuildReport } from '../rebuild/rebuild.ts';
import { loadHubConfig, withHub } from './open-hub.ts';
import { createProgress } from './progress.ts';
import { type CommonOptions, type Result, runCommand, USAGE } from './run-command.ts';
import { breakOffAtSignal } from './until-signal.ts';

interface RebuildCommand extends CommonOptions {
  readonly swap?: boolean;
}

/** `lienthong rebuild`: builds the index from the messages alone, beside the live one. */
export function addRebuild(program: Command): void {
  program
    .command('rebuild')
    .description('rebuild the index from the messages alone, beside the live one, and report the differences')
    .option('--swap', 'swap the differing rows into the live index in one transaction')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((options: RebuildCommand) => runCommand(options, () => rebuild(options), USAGE));
}

const HELP = `
The hub may run meanwhile: its writers wait only for the last comparison. The command uses up to four processors, with a low
priority. The second index needs about as much space as the live one, and is dropped at the end, also by SIGINT and SIGTERM.
An interrupted run changes nothing. After a kill -9 a running hub drops the second index within six hours. All columns of
dossiers, aliases and events are compared, encrypted ones by their plain text. Exceptions are dossiers.made_from (the version
that the last write began from) and the encryption keys of values. Every change in the messages must be in the change feed.
After a swap the feed reports each corrected dossier to its readers.
Exit codes: 0 the live index equals the rebuilt one (with --swap: now), 1 it does not, 2 the comparison failed.`;

async function rebuild({ swap = false }: RebuildCommand): Promise<Result> {
  const config = await loadHubConfig(process.env);
  // Its threads get it too. A hub on the same machine comes first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const bar = createProgress('reading messages', 0);
  const stop = new AbortController();
  const report = await withHub(config, (hub) =>
    breakOffAtSignal(
      () => stop.abort(),
      () =>
        hub.rebuild({
          swap,
          lanes: usefulLanes(),
          tell({ what, done, total }) {
            bar.setTotal(total);
            bar.update(done, what);
          },
          signal: stop.signal,
        }),
    ),
  ).finally(() => bar.stop());
  // With a retention limit, older dossiers outlive their messages. Without one, uncovered dossiers mean missing messages.
  const isWhole = report.notCovered === 0 || config.file.retentionMonths !== undefined;
  return { text: textOf(report, swap), document: report, failed: !report.identical || !isWhole };
}

function textOf(report: RebuildReport, swap: boolean): string {
  const { messages, dossiers, notCovered, identical, found, differences, swapped, notSwapped } = report;
  return [
    `${messages} messages, ${dossiers} dossiers and records: ${found === 0 ? 'no difference' : `${found} differences`}`,
    ...differences.map(lineOf),
    ...(found > differences.length ? [`… and ${found - differences.length} more`] : []),
    ...(notCovered > 0 ? [`${notCovered} dossiers began before the oldest stored message: they stay unchanged`] : []),
    ...(swapped > 0 ? [`${swapped} rebuilt dossiers were swapped into the live index`] : []),
    ...(swap && notSwapped ? [`nothing was swapped: ${notSwapped}`] : []),
    identical
      ? 'the live index equals the rebuilt one'
      : `the live index differs from the rebuilt one${swap ? '' : `; ${adviceOf(notSwapped)}`}`,
  ].join('\n');
}

function adviceOf(notSwapped: string | undefined): string {
  return notSwapped ? `--swap would change nothing, because ${notSwapped}` : '--swap corrects it';
}

function lineOf({ table, code, column, live, rebuilt }: Difference): string {
  return `  ${table} ${code} ${column}: live ${live ?? '(none)'}, rebuilt ${rebuilt ?? '(none)'}`;
}
