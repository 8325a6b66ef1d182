import type { Command } from 'commander';
import type { Difference } from '../rebuild/difference.ts';
import type { RebuildReport } from '../rebuild/rebuild.ts';
import { loadHubConfig, withHub } from './open-hub.ts';
import { createProgress } from './progress.ts';
import { type CommonOptions, type Result, runCommand, USAGE } from './run-command.ts';

interface RebuildCommand extends CommonOptions {
  readonly swap?: boolean;
}

/** `lienthong rebuild`: the index from the messages alone, beside the live one. */
export function addRebuild(program: Command): void {
  program
    .command('rebuild')
    .description('build the index anew from the messages alone, beside the live one, and say where they differ')
    .option('--swap', 'put what differs into the live index, all at once')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((options: RebuildCommand) => runCommand(options, () => rebuild(options), USAGE));
}

const HELP = `
The hub may run meanwhile: its writers wait only for the last look at what differs. The index beside needs about as much
room as the live one, and is dropped in the end; ended at any time, nothing is changed. Compared are all columns of
dossiers, aliases and events, what is encrypted by its plain text, but for dossiers.made_from (which version the last
write began from) and the keys that values are encrypted with. Every change that the messages tell has to be in the
change feed; after a swap its readers hear of each dossier that was put right.

Exit codes: 0 the live index is what the messages tell (with --swap: now), 1 it is not, 2 it could not be found out.`;

async function rebuild({ swap = false }: RebuildCommand): Promise<Result> {
  const config = await loadHubConfig(process.env);
  const bar = createProgress('reading messages', 0);
  const report = await withHub(config, (hub) =>
    hub.rebuild({
      swap,
      tell({ what, done, total }) {
        bar.setTotal(total);
        bar.update(done, what);
      },
    }),
  ).finally(() => bar.stop());
  // Where months are dropped, older dossiers outlive their messages; elsewhere messages are missing.
  const isWhole = report.notCovered === 0 || config.file.retentionMonths !== undefined;
  return { text: textOf(report, swap), document: report, failed: !report.identical || !isWhole };
}

function textOf(report: RebuildReport, swap: boolean): string {
  const { messages, dossiers, notCovered, identical, found, differences, swapped, notSwapped } = report;
  return [
    `${messages} messages, ${dossiers} dossiers: ${found === 0 ? 'no difference' : `${found} differences`}`,
    ...differences.map(lineOf),
    ...(found > differences.length ? [`… and ${found - differences.length} more`] : []),
    ...(notCovered > 0
      ? [`${notCovered} dossiers began before the oldest message that is kept: they were left alone`]
      : []),
    ...(swapped > 0 ? [`${swapped} dossiers were put into the live index as the messages tell them`] : []),
    ...(notSwapped ? [`nothing was swapped: ${notSwapped}`] : []),
    identical
      ? 'the live index is what the messages tell'
      : `the live index is not what the messages tell${swap ? '' : '; --swap puts it right'}`,
  ].join('\n');
}

function lineOf({ table, code, column, live, rebuilt }: Difference): string {
  return `  ${table} ${code} ${column}: live ${live ?? '(none)'}, rebuilt ${rebuilt ?? '(none)'}`;
}
