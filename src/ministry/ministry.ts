import type Type from 'typebox';
import type { Problem } from '#core/problem';
import type { Operation } from '#schemas/operations';
import { type Adapter, defineAdapter, type Offers } from '../kit/adapter.ts';
import { sendInOrder } from '../kit/in-order.ts';
import type { Sender } from '../kit/sender.ts';
import { type Transport, withTransport } from './ask.ts';
import { askerOf } from './asker.ts';
import { callbackProblems, callbacksBy } from './callbacks.ts';
import { pullerOf } from './pull.ts';
import { type Item, leftOut, PUSHED, push } from './push.ts';
import { reconcilerBy } from './reconcile.ts';
import type { MinistrySettings, Pushed } from './settings.ts';
import { fileFields, fileProblems, sourceProblems } from './sources.ts';
import { tableProblems, tablesOf } from './tables.ts';

/**
 * An adapter for one kind of systems. The party's settings describe the calls, the places of values in answers, and the
 * codes. Only the transport differs between kinds.
 *
 * @param settings made by `ministrySettings`
 * @param problems more checks of the settings
 * @param examine see Adapter
 * @param load loads the libraries that such a party needs
 */
export function ministryAdapter<T extends Type.TSchema, S extends MinistrySettings & Type.Static<T>>({
  settings,
  transport,
  problems,
  examine,
  load,
}: {
  readonly settings: T;
  readonly transport: Transport<S>;
  readonly problems?: (settings: S) => readonly Problem[];
  readonly examine?: Adapter<S>['examine'];
  readonly load?: () => Promise<unknown>;
}): Adapter<S> {
  const sender = (name: Pushed): Sender<S, Operation> => ({
    leftOut: (given, item) => leftOut(given, name, item as Item),
    send: (connection, items) =>
      sendInOrder(items, (item) => push(withTransport(transport, connection), name, item as Item)),
  });
  return defineAdapter({
    settings,
    settingsProblems: (given: S) => [
      ...tableProblems(given),
      ...sourceProblems(given),
      ...callbackProblems(given),
      ...(transport.carriesFiles ? [] : fileProblems(given)),
      ...(problems?.(given) ?? []),
    ],
    offers: offersOf,
    tables: tablesOf,
    sendsFiles: (given: S) => fileFields(given).length > 0,
    examine,
    load,
    send: Object.fromEntries(Object.entries(PUSHED).map(([name, operation]) => [operation, sender(name as Pushed)])),
    reconcile: reconcilerBy(transport),
    asks: askerOf(transport),
    callbacksBy,
    pull: { dossiers: pullerOf('dossiers', transport), progress: pullerOf('progress', transport) },
  } as Adapter<S> & { readonly settings: T }) as Adapter<S>;
}

/** The operations that the settings describe. */
function offersOf({ push = {}, pull = {} }: MinistrySettings): Offers {
  return {
    sends: Object.entries(PUSHED).flatMap(([name, operation]) => (push[name as Pushed] ? [operation] : [])),
    pulls: [...(pull.dossiers ? ['dossiers'] : []), ...(pull.progress ? ['progress'] : [])],
  };
}
