import type Type from 'typebox';
import type { Problem } from '#core/problem';
import type { Operation } from '#schemas/operations';
import { type Adapter, defineAdapter, type Offers } from '../kit/adapter.ts';
import { sendInOrder } from '../kit/in-order.ts';
import type { Sender } from '../kit/sender.ts';
import { type Transport, withTransport } from './ask.ts';
import { pullerOf } from './pull.ts';
import { type Item, push } from './push.ts';
import { reconcilerBy } from './reconcile.ts';
import type { MinistrySettings } from './settings.ts';
import { sourceProblems } from './sources.ts';
import { tableProblems, tablesOf } from './tables.ts';

/**
 * An adapter for any system of a kind, as its party's settings describe it: what is asked and told, where in the answers
 * everything stands, and by which codes. How such a system is spoken to is all that differs from one kind to the next.
 *
 * @param settings made by `ministrySettings`
 * @param problems what else is wrong with settings
 * @param load what has to be loaded where such a party is configured
 */
export function ministryAdapter<T extends Type.TSchema, S extends MinistrySettings & Type.Static<T>>({
  settings,
  transport,
  problems,
  load,
}: {
  readonly settings: T;
  readonly transport: Transport<S>;
  readonly problems?: (settings: S) => readonly Problem[];
  readonly load?: () => Promise<unknown>;
}): Adapter<S> {
  const sender = <O extends Operation>(name: 'dossiers' | 'progress'): Sender<S, O> => ({
    send: (connection, items) =>
      sendInOrder(items, (item) => push(withTransport(transport, connection), name, item as Item)),
  });
  return defineAdapter({
    settings,
    settingsProblems: (given: S) => [...tableProblems(given), ...sourceProblems(given), ...(problems?.(given) ?? [])],
    offers: offersOf,
    tables: tablesOf,
    ...(load && { load }),
    send: { 'dossier.upsert.v1': sender('dossiers'), 'dossier.progress.v1': sender('progress') },
    reconcile: reconcilerBy(transport),
    pull: { dossiers: pullerOf('dossiers', transport), progress: pullerOf('progress', transport) },
  } as Adapter<S> & { readonly settings: T }) as Adapter<S>;
}

/** The operations that the settings describe. */
function offersOf({ push = {}, pull = {} }: MinistrySettings): Offers {
  return {
    sends: [...(push.dossiers ? ['dossier.upsert.v1'] : []), ...(push.progress ? ['dossier.progress.v1'] : [])],
    pulls: [...(pull.dossiers ? ['dossiers'] : []), ...(pull.progress ? ['progress'] : [])],
  };
}
