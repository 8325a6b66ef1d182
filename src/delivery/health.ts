import type { Outcome } from '#core/dossier/settle';
import { type PartyHealthUpdate, savePartyHealth } from '../ledger/party-health.ts';
import type { HubContext } from '../process/hub-context.ts';

/** Stores for operators when a partner last accepted a delivery, and its last error. */
export interface Health {
  note(outcome: Outcome): void;
  /** Stores what is not stored yet. */
  flush(): Promise<void>;
}

const EVERY_MS = 1_000;

/** The reason of an item that was not sent because an earlier one failed: that one's error was stored before. */
const BEHIND_ANOTHER = 'waits';

/** Stores at most once a second: attempts come by the thousand. */
export function createHealth(
  { database, nowMs, telemetry }: Pick<HubContext, 'database' | 'nowMs' | 'telemetry'>,
  party: string,
): Health {
  let news: PartyHealthUpdate = {};
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const stored = news;
    news = {};
    if (stored.successMs === undefined && !stored.error) return;
    await savePartyHealth(database, party, stored).catch((error) => telemetry.failed('health', error));
  }

  return {
    note(outcome) {
      if (outcome.kind === 'delivered') news = { ...news, successMs: nowMs() };
      else if (outcome.reason === BEHIND_ANOTHER) return;
      else news = { ...news, error: { atMs: nowMs(), reason: outcome.reason, detail: outcome.message } };
      timer ??= setTimeout(() => void flush(), EVERY_MS).unref();
    },
    flush,
  };
}
