import type { Command } from 'commander';
import type { DossierQuery } from '../http/dossier-filter.ts';
import type { BackfillPreview } from '../operator-orders/backfill.ts';
import { dossierFilterFrom, withDossierFilter } from './dossier-filter.ts';
import { loadHubConfig, requireParty, withHub } from './open-hub.ts';
import { follow, ran, rateOf } from './replay.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from './run-command.ts';

interface BackfillOptions
  extends CommonOptions,
    Pick<DossierQuery, 'status' | 'agency' | 'service' | 'field' | 'channel' | 'receivedFrom' | 'receivedTo'> {
  readonly run?: boolean;
  readonly why?: string;
  readonly perSecond: string;
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
    .option('--run', 'do it')
    .option('--why <why>', 'with --run: the reason, for the audit')
    .option('--per-second <count>', 'deliveries a second', '20')
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
  const { run, why = '', perSecond, json: _, ...asked } = options;
  const rate = rateOf(perSecond);
  if (run && !why.trim()) throw new UsageError('--run needs --why');
  const order = { ...dossierFilterFrom(asked), party, untold: true } as const;
  const config = await loadHubConfig(process.env);
  requireParty(config, party);
  return withHub(config, async (hub) => {
    const { orders } = hub;
    if (!orders.isRoutedTo(party)) throw new UsageError(`no route of HUB_CONFIG leads dossier.upsert.v1 to ${party}`);
    if (!run) return previewed(await orders.previewBackfill(order));
    return ran(await follow(hub, await orders.startBackfill(order, rate, { who: WHO, why })));
  });
}

function previewed(preview: BackfillPreview): Result {
  const { looked, never, older, sample } = preview;
  const text = [
    `of ${looked.dossiers} dossiers the party never got ${never}, and has an older version of ${older}`,
    ...(looked.isAll ? [] : ['there are more dossiers: the preview ended after ten seconds']),
    ...sample.map(
      ({ code, version, told }) => `  ${code} version ${version}${told === null ? '' : `, the party has ${told}`}`,
    ),
    'nothing was changed; add --run to send',
  ].join('\n');
  return { text, document: preview };
}
