import type { Command } from 'commander';
import type { Kinds } from '#core/records/kinds';
import type { Operation } from '#schemas/operations';
import type { DossierQuery } from '../http/dossier-filter.ts';
import type { BackfillPreview } from '../operator-orders/backfill.ts';
import { dossierFilterFrom, statesFrom, withDossierFilter } from './dossier-filter.ts';
import { loadHubConfig, requireParty, withHub } from './open-hub.ts';
import { follow, PER_SECOND, ran } from './replay.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from './run-command.ts';

interface BackfillOptions
  extends CommonOptions,
    Pick<DossierQuery, 'status' | 'agency' | 'service' | 'field' | 'channel' | 'receivedFrom' | 'receivedTo'> {
  readonly run?: boolean;
  readonly kind?: string;
  readonly state?: string;
  readonly why?: string;
  readonly perSecond: number;
}

/** `lienthong backfill`: sends a party the dossiers that its routes lead to it and that it never got. */
export function addBackfill(program: Command): void {
  const command = program
    .command('backfill')
    .description(
      'send a party the dossiers that its routes lead to it and that it never got; a preview unless --run is given',
    )
    .argument('<party>', 'as in HUB_CONFIG');
  withDossierFilter(command)
    .option(
      '--kind <kind>',
      'records of this kind, such as question, instead of dossiers; with --state, --agency, --field',
    )
    .option('--state <states>', 'with --kind: in one of these states, joined by commas')
    .option('--run', 'do it')
    .option('--why <why>', 'with --run: the reason, for the audit')
    .option('--per-second <count>', 'deliveries a second', PER_SECOND, 20)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((party: string, options: BackfillOptions) => runCommand(options, () => backfill(party, options)));
}

const HELP = `
For a new party or route, or a party that was out of the configuration for a time. Each dossier is sent once, in its current
version; the adapter looks up before it sends. Dossiers with a delivery (delivered, due, refused or parked) are left to replay.
Interrupting this command does not end the run: the hub's scheduler continues it. To stop it:
POST /api/v1/ops/replays/{id}/stop.`;

const WHO = 'lienthong backfill';

async function backfill(party: string, options: BackfillOptions): Promise<Result> {
  const { run, why = '', perSecond, kind, state, json: _, ...asked } = options;
  if (run && !why.trim()) throw new UsageError('--run needs --why');
  if (kind === undefined && state !== undefined)
    throw new UsageError('--state: only with --kind; dossiers have --status');
  const config = await loadHubConfig(process.env);
  requireParty(config, party);
  return withHub(config, async (hub) => {
    const { orders } = hub;
    const filter = kind === undefined ? dossierFilterFrom(asked) : recordFilterFrom(hub.kinds, kind, asked, state);
    const { operation } = filter as { operation?: Operation };
    if (!orders.isRoutedTo(party, operation))
      throw new UsageError(`no route of HUB_CONFIG leads ${operation ?? 'dossier.upsert.v1'} to ${party}`);
    const order = { ...filter, party, untold: true } as const;
    if (!run) return previewed(await orders.previewBackfill(order));
    return ran(await follow(hub, await orders.startBackfill(order, perSecond, { who: WHO, why })));
  });
}

/** @throws UsageError for an unknown kind or state, and for a filter that records do not have */
function recordFilterFrom(kinds: Kinds, name: string, asked: object, state: string | undefined) {
  const kind = kinds.byName(name);
  if (!kind)
    throw new UsageError(`--kind: got ${name}, expected one of ${kinds.all.map((one) => one.name).join(', ')}`);
  const { agency, field, ...others } = asked as { agency?: string; field?: string };
  if (Object.keys(others).length > 0)
    throw new UsageError(`${kind.path} are filtered by --state, --agency and --field alone`);
  return { operation: kind.operation, state: state === undefined ? undefined : statesFrom(kind, state), agency, field };
}

function previewed(preview: BackfillPreview): Result {
  const { looked, never, older, erased, sample } = preview;
  const text = [
    `of ${looked.dossiers} dossiers or records the party never got ${never}, and has an older version of ${older}`,
    ...(erased > 0 ? [`${erased} are left out: their personal data was erased`] : []),
    ...(looked.isAll ? [] : ['there are more dossiers: the preview ended after ten seconds']),
    ...sample.map(
      ({ code, version, told }) => `  ${code} version ${version}${told === null ? '' : `, the party has ${told}`}`,
    ),
    'nothing was changed; add --run to send',
  ].join('\n');
  return { text, document: preview };
}
