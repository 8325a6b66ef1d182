import { setTimeout as after } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { readPeriod } from '#core/dates/dates';
import { STATE_FILTERS } from '#core/dossier/delivery-states';
import { cleanCode } from '#core/identifiers/identifiers';
import { withoutUndefined } from '#core/without-undefined';
import { render } from '#messages/render';
import type { Hub } from '../hub.ts';
import type { DeliveryFilter } from '../ledger/delivery-list.ts';
import type { Replay, ReplayOutcome, ReplayPreview } from '../ledger/replays.ts';
import { loadHubConfig, withHub } from './open-hub.ts';
import { createProgress } from './progress.ts';
import { type CommonOptions, type Result, runCommand, UsageError, wholeNumber } from './run-command.ts';

interface ReplayOptions extends CommonOptions, DeliveryFilter {
  readonly run?: boolean;
  readonly why?: string;
  readonly perSecond: number;
}

/** `lienthong replay`: sends deliveries to partners again. */
export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('deliver again what a filter finds; a preview unless --run is given')
    .option('--party <party>', 'the receiving party')
    .addOption(new Option('--state <state>', 'the current state').choices(STATE_FILTERS))
    .option('--code <code>', 'of the dossier')
    .option('--operation <operation>', 'such as dossier.upsert.v1')
    .option('--reason <reason>', 'the reason of the last outcome')
    .option('--from <time>', 'created since: a date, or a time with a zone')
    .option('--to <time>', 'created until: a date, or a time with a zone')
    .option('--run', 'do it')
    .option('--why <why>', 'with --run: the reason, for the audit')
    .option('--per-second <count>', 'deliveries a second', PER_SECOND, 20)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((options: ReplayOptions) => runCommand(options, () => replay(options)));
}

const HELP = `
Each delivery keeps its id, and the adapter looks up before it sends again. Deliveries that are due already, wait for a person or
have a newer delivered version stay unchanged. Interrupting this command does not end the run: the hub's scheduler continues it.
To stop it: POST /api/v1/ops/replays/{id}/stop.`;

/** The rates that a run may have. */
export const PER_SECOND = wholeNumber(1, 1_000);

const WHO = 'lienthong replay';

async function replay(options: ReplayOptions): Promise<Result> {
  const config = await loadHubConfig(process.env);
  const filter = filterOf(options);
  const { run, why = '', party, perSecond } = options;
  if (run && !why.trim()) throw new UsageError('--run needs --why');
  const parties = Object.keys(config.file.parties ?? {});
  return withHub(config, async (hub) => {
    const isUnknown = party !== undefined && !parties.includes(party);
    const preview = run && !isUnknown ? undefined : await hub.orders.preview(filter);
    // A party that is no longer configured may still have deliveries.
    if (isUnknown && preview && Object.keys(preview.outcomes).length === 0)
      throw new UsageError(
        `--party: there is no party ${JSON.stringify(party)}; there are ${parties.join(', ') || 'none'}`,
      );
    if (preview && !run) return previewed(preview);
    return ran(await follow(hub, await hub.orders.startReplay(filter, perSecond, { who: WHO, why })));
  });
}

function filterOf({ party, state, code, operation, reason, from, to }: ReplayOptions): DeliveryFilter {
  const period = readPeriod({ from, to });
  if ('wrong' in period) throw new UsageError(`--${period.wrong}: ${render(period.error, 'en')}`);
  const filter = withoutUndefined({
    party: party || undefined,
    state,
    code: code ? cleanCode(code) : undefined,
    operation: operation || undefined,
    reason: reason || undefined,
    ...period,
  });
  if (Object.keys(filter).length === 0)
    throw new UsageError('name what to replay: --party, --state, --code, --operation, --reason, --from or --to');
  return filter;
}

function previewed(preview: ReplayPreview): Result {
  const lines = [
    previewCountsOf(preview.outcomes) || 'nothing is found',
    ...preview.parties.map(
      ({ party, deliveries, dossiers }) => `  ${party}: ${deliveries} deliveries of ${dossiers} dossiers`,
    ),
    ...preview.sample.map(
      ({ id, party, operation, code, version }) => `  ${id} ${party} ${operation} ${code} version ${version}`,
    ),
    'nothing was changed; add --run to deliver',
  ];
  return { text: lines.join('\n'), document: preview };
}

/** What each outcome of a preview means to a person. */
const WOULD: Readonly<Record<ReplayOutcome, string>> = {
  replayed: 'would be delivered again',
  'already-due': 'are due already',
  held: 'wait for a decision',
  superseded: 'have a newer version',
  'just-replayed': 'were replayed a moment ago',
  waits: 'wait for another delivery of their dossier',
  erased: 'are about erased personal data and stay undelivered',
};

function previewCountsOf(outcomes: ReplayPreview['outcomes']): string {
  return Object.entries(outcomes)
    .map(([outcome, count]) => `${count} ${WOULD[outcome as ReplayOutcome]}`)
    .join(', ');
}

const LOOK_MS = 1_000;

/** Works on a run until it ends. Other processes may work on it too. */
export async function follow({ pipeline, ledger }: Hub, id: number): Promise<Replay> {
  const bar = createProgress(`run ${id}`, 0);
  try {
    for (;;) {
      await pipeline.orders.runReplay(id);
      const run = (await ledger.replay(id)) as Replay;
      bar.setTotal(run.total);
      bar.update(Object.values(run.outcomes).reduce((sum, count) => sum + count, 0));
      if (run.state !== 'running') return run;
      await after(LOOK_MS);
    }
  } finally {
    bar.stop();
  }
}

/** The result of a run. */
export function ran(run: Replay): Result {
  const text = `run ${run.id} ${run.state}: ${countsOf(run.outcomes) || 'nothing is found'}`;
  return { text, document: run, failed: run.state === 'stopped' };
}

function countsOf(outcomes: Replay['outcomes']): string {
  return Object.entries(outcomes)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
}
