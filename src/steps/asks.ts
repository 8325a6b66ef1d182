import { asFirstTold } from '#core/apply';
import type { RecordItem } from '#core/item';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Database } from '../database/pool.ts';
import { loadHeld } from '../index/dossiers.ts';
import { loadEvents } from '../index/events.ts';
import type { Asks } from '../kit/adapter.ts';
import { outstandingAt } from '../ledger/deliveries.ts';
import type { Party } from '../parties.ts';
import type { Vault } from '../vault.ts';
import { incomingOf } from './accept/dossiers.ts';

export interface AsksMeans {
  readonly database: Database;
  readonly vault: Vault;
}

/** What a party's puller may ask the hub. */
export function asksOf({ database, vault }: AsksMeans, party: Party): Asks {
  return {
    async outstanding(limit, after): Promise<readonly Dossier[]> {
      const codes = await outstandingAt(database, party.id, limit, after);
      const found = await loadHeld(database.pool, vault, codes);
      const byCode = new Map(found.map(({ held }) => [held.code, held.view.record]));
      return codes.flatMap((code) => byCode.get(code) ?? []);
    },

    async unheard(steps): Promise<ReadonlySet<RecordItem>> {
      const codes = [...new Set(steps.map(({ record }) => record.code))];
      const beginnings = (await loadHeld(database.pool, vault, codes)).map(({ createdAt }) => createdAt);
      const since = beginnings.reduce((a, b) => (a < b ? a : b), beginnings[0] ?? '');
      const histories = since === '' ? undefined : await loadEvents(database.pool, vault, codes, since);
      const isHeard = (item: (typeof steps)[number]): boolean => {
        const events = histories?.get(item.record.code) ?? [];
        const told = incomingOf(item, party.id, party.authoritative);
        // As it will be judged when it is taken in.
        const { kind, hash } = party.adapter.stepsAreByMoment ? asFirstTold(events, told, item.standIns) : told;
        return events.some((known) => known.kind === kind && known.hash === hash);
      };
      return new Set(steps.filter((item) => !isHeard(item)));
    },
  };
}
