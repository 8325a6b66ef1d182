import { AWAY_KINDS, HUB, type Incident, openIncidents } from '../ledger/incidents.ts';
import { forgetOtherPulls } from '../ledger/pulls.ts';
import { forgetOtherResults } from '../ledger/reconciles.ts';
import type { WatchContext } from './watch-context.ts';

/** What the configuration lets the hub do. */
export interface Configured {
  readonly parties: ReadonlyMap<string, unknown>;
  readonly pulls: readonly { readonly party: string; readonly name: string }[];
  /** Whether the hub compares itself with a party at night. */
  compares(party: string): boolean;
}

const OF_PULLS: readonly Incident['kind'][] = ['pull-failed', 'pull-invalid', 'pull-incomplete', ...AWAY_KINDS];
/** A contradiction has its own watch, because its quarantine entry outlives its party. */
const OF_PARTIES: readonly Incident['kind'][] = [
  ...OF_PULLS,
  'certificate-expiry',
  'schema-drift',
  'file-fetch',
  'paused-by-partner',
  'disagreement',
];

/**
 * Closes incidents of parties, pulls and comparisons that the configuration no longer has, and forgets how far such parties
 * agreed. Nothing else would close them, and an open incident hides the next one of its kind.
 */
export async function closeUnconfigured(
  { database, alerts }: Pick<WatchContext, 'database' | 'alerts'>,
  { parties, pulls, compares }: Configured,
): Promise<void> {
  await forgetOtherResults(database, [...parties.keys()]);
  const others = await forgetOtherPulls(database, pulls);
  const isOfOther = ({ party, cause }: Incident): boolean =>
    others.some((pull) => pull.party === party && cause.startsWith(`${pull.name}: `));
  const isOver = (incident: Incident): boolean => {
    const { party, kind } = incident;
    if (!parties.has(party)) return OF_PARTIES.includes(kind);
    return kind === 'disagreement' ? !compares(party) : OF_PULLS.includes(kind) && isOfOther(incident);
  };
  for (const incident of await openIncidents(database))
    if (incident.party !== HUB && isOver(incident)) await alerts.close(incident.party, [incident.kind], incident.cause);
}
