import type { Comparison, Reconciler } from '../kit/reconciler.ts';
import type { Outgoing } from '../kit/sender.ts';
import { type Transport, unmappedRequest, withTransport } from './ask.ts';
import { type Expected, expectedOf, lookUp } from './look-up.ts';
import { contextOf, whyUnwanted } from './push.ts';
import type { LookUp, MinistrySettings, Push } from './settings.ts';

/**
 * Compares the ministry's answer to its look-up with what the hub would send. Members missing in the answer count as
 * equal.
 */
export function reconcilerBy<S extends MinistrySettings>(transport: Transport<S>): Reconciler<S> {
  return {
    unable: ({ push }) => (push?.dossiers?.lookUp ? undefined : 'its settings name no push.dossiers.lookUp'),

    async compare(connection, item: Outgoing<'dossier.upsert.v1'>): Promise<Comparison> {
      const ministry = withTransport(transport, connection);
      const push = ministry.settings.push?.dossiers as Push;
      const how = push.lookUp as LookUp;
      const context = contextOf(push, item);
      const unwanted = whyUnwanted(ministry, push, item, context);
      if (unwanted) return { kind: 'untold', why: unwanted };
      const { words, problems, causes } = expectedOf({ ...how.match, ...how.compare }, context, ministry);
      if (problems.length > 0) return { kind: 'failed', outcome: unmappedRequest(problems, causes[0]) };
      const rows = await lookUp(ministry, how, context, item.record);
      if ('kind' in rows) return { kind: 'failed', outcome: rows };
      // The ministry may keep every version. The one with the fewest differences counts.
      const [nearest] = rows.map((row) => differences(words, row)).sort((a, b) => a.length - b.length);
      return nearest ? { kind: 'found', differences: nearest } : { kind: 'absent' };
    },
  };
}

function differences(words: readonly Expected[], row: unknown) {
  return words.flatMap(({ path, ours, theirs: theirsIn }) => {
    const theirs = theirsIn(row);
    if (ours === undefined || theirs === undefined || theirs === ours) return [];
    return [{ path: `/${path.replaceAll('.', '/')}`, ours: String(ours), theirs: String(theirs) }];
  });
}
