import { isRecord } from '#core/dossier/item';
import { isRefusedAsErased } from '#core/erasure/erased';
import { acceptBatch } from '../accept/accept.ts';
import type { AcceptDeps } from '../accept/accept-deps.ts';
import type { Database } from '../database/pool.ts';
import type { ReleasedItem, Submission } from '../ledger/submission.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Difference } from './difference.ts';
import type { Recalled } from './recall.ts';

export interface ApplyDeps extends Pick<AcceptDeps, 'ownership' | 'ownedSince' | 'stepsAreByMoment' | 'kinds'> {
  readonly beside: Database;
  readonly vault: Vault;
  /** Whether other lanes write the same index: then an order that was not kept is an error. */
  readonly isOneOfMany: boolean;
}

/** A message came after a later one of the same dossier or record. Lanes at work at the same time must never cause that. */
export class OutOfOrderError extends Error {
  /** Also where it comes from a thread. */
  static readonly code = 'OUT_OF_ORDER';
  readonly code = OutOfOrderError.code;
}

/** Maximum of items of one statement; the same as in accept. */
const BATCH_ITEMS = 1_000;

/**
 * Applies recalled messages to the second index, in their order and with their own ids, by the same code as accept.
 * Delivers nothing and notifies no worker.
 * @returns the items whose outcome differs from the recorded one
 */
export async function applyRecalled(deps: ApplyDeps, recalled: readonly Recalled[]): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  let batch: Recalled[] = [];
  let items = 0;
  const write = async (): Promise<void> => {
    found.push(...(await applyBatch(deps, batch)));
    batch = [];
    items = 0;
  };
  for (const one of recalled) {
    batch.push(one);
    items += Math.max(one.submission.items.filter(isRecord).length, 1);
    if (items >= BATCH_ITEMS) await write();
  }
  if (batch.length > 0) await write();
  return found;
}

async function applyBatch(deps: ApplyDeps, batch: readonly Recalled[]): Promise<readonly Difference[]> {
  const { beside, vault, ownership, ownedSince, stepsAreByMoment, kinds, isOneOfMany } = deps;
  const ids = batch.map((one) => one.id);
  const acceptDeps: AcceptDeps = {
    database: beside,
    vault,
    kinds,
    ownership,
    ownedSince,
    enforcesRules: false,
    stepsAreByMoment,
    filesFrom: () => undefined,
    routes: [],
    knownCodes: { unknown: async () => new Set(), ended: async () => new Map(), shouldList: () => false },
    // Each submission asks for one id, in their order.
    uuids: {
      next(after = '') {
        const id = ids.shift() as string;
        if (isOneOfMany && after > id) throw new OutOfOrderError(`message ${id} came after ${after}`);
        return id;
      },
    },
    optimism: undefined,
    recentCommits: undefined,
  };
  const { accepted } = await acceptBatch(acceptDeps, await withWaiting(beside, batch));
  return batch.flatMap(({ id, expected }, at) =>
    expected.flatMap((outcome, item) => {
      const result = accepted[at]?.results[item];
      // A repeat after the erasure was still known as one.
      if (outcome === undefined || result?.outcome === outcome || isRefusedAsErased(result ?? {})) return [];
      const code = result?.code ?? id;
      return { table: 'messages' as const, code, column: 'outcome', live: outcome, rebuilt: result?.outcome ?? null };
    }),
  );
}

/** A release settles a waiting row, so the second index gets a row for each. */
async function withWaiting(beside: Database, batch: readonly Recalled[]): Promise<readonly Submission[]> {
  const releases = batch.flatMap(({ released }) => released ?? []);
  if (releases.length === 0) return batch.map(({ submission }) => submission);
  const { rows } = await beside.pool.query<{ id: number }>({
    name: 'waiting again',
    text: `INSERT INTO quarantine (cause_kind, cause_key, detail, party, operation, message_id, item, opened_at)
           SELECT '', '', '', '', '', message_id, item, opened_at
           FROM unnest($1::uuid[], $2::int4[], $3::timestamptz[]) AS given(message_id, item, opened_at) RETURNING id`,
    values: [
      releases.map(({ messageId }) => messageId),
      releases.map(({ item }) => item),
      releases.map(({ receivedAt }) => receivedAt),
    ],
  });
  const ids = rows.map(({ id }) => id);
  return batch.map(({ submission, released }) => {
    if (!released) return submission;
    const item: ReleasedItem = { ...released, quarantineId: ids.shift() as number, causeKind: '', causeKey: '' };
    return { ...submission, released: item };
  });
}
