import { type Command, Option } from 'commander';
import type { Finding } from '../reconcile/judge.ts';
import type { ReconcileReport } from '../reconcile/reconcile.ts';
import { loadHubConfig, requireParty, withHub } from './open-hub.ts';
import { createProgress } from './progress.ts';
import { type CommonOptions, type Result, runCommand, USAGE, wholeNumber } from './run-command.ts';

interface ReconcileCommand extends CommonOptions {
  readonly sample: number;
  readonly all?: boolean;
  readonly repair?: 'ours' | 'theirs';
}

/** `lienthong reconcile`: compares our dossiers, what a party was sent, and what it has. */
export function addReconcile(program: Command): void {
  program
    .command('reconcile')
    .description('compare our dossiers and deliveries with what a party now has, dossier by dossier')
    .argument('<party>', 'as in HUB_CONFIG')
    .option(
      '--sample <number>',
      'number of dossiers, drawn at random from those that it has taken',
      wholeNumber(1),
      200,
    )
    .option('--all', 'all dossiers that it has taken')
    .addOption(
      new Option('--repair <direction>', 'ours: send our version again; theirs: store their answer').choices([
        'ours',
        'theirs',
      ]),
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((party: string, options: ReconcileCommand) => runCommand(options, () => reconcile(party, options), USAGE));
}

const HELP = `
Works only for parties whose adapter offers a look-up. The calls respect the party's rate limit. The hub does the same each night on
a random sample, or as the party's "reconcile" says; hub_reconcile_agreement_ratio is the last result. Before the hub sends a
dossier again it looks it up; the deliveries go out when the hub runs.
Exit codes: 0 both sides agree; 1 they do not, also if some dossiers could not be looked up or were repaired; 2 the comparison
failed, for some dossiers or all.`;

async function reconcile(party: string, { sample, all, repair }: ReconcileCommand): Promise<Result> {
  const config = await loadHubConfig(process.env);
  requireParty(config, party);
  const bar = createProgress(`asking ${party}`, 0);
  const report = await withHub(config, (hub) =>
    hub.reconcile(party, {
      sample: !all ? sample : undefined,
      repair,
      tell({ done, total }) {
        bar.setTotal(total);
        bar.update(done, `${done} dossiers compared`);
      },
    }),
  ).finally(() => bar.stop());
  if (report.error !== undefined && report.agreement === null) throw new Error(report.error);
  const { differs, absent, behind, 'not-asked': notAsked } = report.counts;
  return {
    text: textOf(report),
    document: report,
    failed: differs + absent + behind > 0,
    incomplete: notAsked > 0 || report.error !== undefined,
  };
}

function textOf({ party, counts, agreement, repaired, findings, error }: ReconcileReport): string {
  const share = agreement === null ? 'no dossier could be compared' : `${(agreement * 100).toFixed(2)} % in agreement`;
  const { agrees, differs, absent, behind, pending, untold, 'not-asked': notAsked } = counts;
  const listed = differs + absent + behind + notAsked;
  return [
    `${party}: ${share}: ${agrees} agree, ${differs} differ, ${absent} absent there, ${behind} behind, ${pending} under way, ${untold} untold, ${notAsked} not asked`,
    ...findings.map(lineOf),
    ...(listed > findings.length ? [`… and ${listed - findings.length} more`] : []),
    ...(repaired > 0 ? [`${repaired} put right`] : []),
    ...(error === undefined ? [] : [`it ended early: ${error}`]),
  ].join('\n');
}

function lineOf({ code, verdict, why, fields = [], repair }: Finding): string {
  const details = fields.map(
    ({ path, ours, theirs }) => `${path} ours ${ours || '(nothing)'}, theirs ${theirs || '(nothing)'}`,
  );
  return `  ${code} ${verdict}: ${[why, ...details, repair].filter(Boolean).join('; ')}`;
}
