import { FILE_FETCHING, UNREADABLE } from '#core/dossier/settle';
import { groupBy } from '#core/group-by';
import type { Kinds } from '#core/records/kinds';
import type { Operation } from '#schemas/operations';
import { isUnavailable } from '../database/failures.ts';
import type { Outgoing } from '../kit/sender.ts';
import type { Claimed } from '../ledger/claim.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import { dossierOutgoing, type PlanDeps } from './dossier-outgoing.ts';
import { entryOutgoing } from './entry-outgoing.ts';
import { HELD_BACK, recordOutgoing } from './record-outgoing.ts';

type NotNow = typeof HELD_BACK | typeof FILE_FETCHING;
type Withheld = NotNow | typeof UNREADABLE;

/** One call at a partner: the deliveries that it carries, those of one dossier in order. */
export interface PlannedCall {
  readonly operation: Operation;
  readonly items: readonly { readonly claimed: Claimed; readonly outgoing: Outgoing | undefined }[];
  /** Nothing is sent: the record is held for a decision, its files have not come yet, or its content cannot be opened. */
  readonly withheld?: Withheld;
}

type Hub = Pick<HubContext, 'database' | 'vault' | 'kinds'>;

/**
 * Groups claimed deliveries into calls, each with its content: the dossier as it was at the delivery's version. All reading
 * is done here, so that no transaction is open while a partner is called. Content that cannot be opened withholds its own
 * deliveries alone.
 */
export async function planCalls(
  hub: Hub,
  deps: PlanDeps,
  party: Party,
  claimed: readonly Claimed[],
): Promise<readonly PlannedCall[]> {
  try {
    return await planTogether(hub, deps, party, claimed);
  } catch (error) {
    if (isUnavailable(error)) throw error;
    const subjects = [...groupBy(claimed, ({ subject }) => subject).values()];
    if (subjects.length <= 1) {
      deps.onUnreadable?.(error);
      return claimed.map((one) => withheldCall(one, UNREADABLE));
    }
    const half = Math.ceil(subjects.length / 2);
    const first = await planCalls(hub, deps, party, subjects.slice(0, half).flat());
    return [...first, ...(await planCalls(hub, deps, party, subjects.slice(half).flat()))];
  }
}

function withheldCall(claimed: Claimed, withheld: Withheld): PlannedCall {
  return { operation: claimed.operation, items: [{ claimed, outgoing: undefined }], withheld };
}

async function planTogether(
  hub: Hub,
  deps: PlanDeps,
  party: Party,
  claimed: readonly Claimed[],
): Promise<readonly PlannedCall[]> {
  const { dossiers, records, others } = split(hub.kinds, claimed);
  const found = new Map<number, Outgoing | NotNow>([
    ...(await dossierOutgoing(hub, deps, party, dossiers)),
    ...(await recordOutgoing(hub, party, records)),
    ...(await entryOutgoing(hub.database, others)),
  ]);
  const withheld: PlannedCall[] = [];
  const toSend: PlannedItem[] = [];
  for (const one of claimed) {
    const outgoing = found.get(one.id);
    if (outgoing === HELD_BACK || outgoing === FILE_FETCHING) withheld.push(withheldCall(one, outgoing));
    else toSend.push({ claimed: one, outgoing });
  }
  return [...withheld, ...packed(runsOf(toSend), (operation) => party.carries.get(operation)?.items ?? 1)];
}

type PlannedItem = PlannedCall['items'][number];

/** The deliveries of each dossier, in order: they go in one call, because two calls may overtake each other. */
function runsOf(items: readonly PlannedItem[]): readonly (readonly PlannedItem[])[] {
  return [...groupBy(items, ({ claimed }) => claimed.subject).values()];
}

/** Packs runs of one operation into calls as large as the party takes. A delivery in doubt has a call of its own. */
function packed(
  runs: readonly (readonly PlannedItem[])[],
  sizeOf: (operation: Operation) => number,
): readonly PlannedCall[] {
  const calls: PlannedCall[] = [];
  const open = new Map<Operation, PlannedItem[]>();
  for (const run of runs) {
    const { operation } = (run[0] as PlannedItem).claimed;
    const isShared = run.every(({ claimed, outgoing }) => !claimed.doubt && outgoing !== undefined);
    const filling = isShared ? open.get(operation) : undefined;
    if (filling && filling.length + run.length <= sizeOf(operation)) filling.push(...run);
    else {
      const items = [...run];
      calls.push({ operation, items });
      if (isShared) open.set(operation, items);
    }
  }
  return calls;
}

type Split = Readonly<Record<'dossiers' | 'records' | 'others', readonly Claimed[]>>;

function split(kinds: Kinds, claimed: readonly Claimed[]): Split {
  const partOf = (one: Claimed): keyof Split => {
    if (one.operation.startsWith('dossier.')) return 'dossiers';
    return kinds.of(one.operation) ? 'records' : 'others';
  };
  const of = (part: keyof Split): readonly Claimed[] => claimed.filter((one) => partOf(one) === part);
  return { dossiers: of('dossiers'), records: of('records'), others: of('others') };
}
