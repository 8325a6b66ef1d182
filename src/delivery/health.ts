import { type Outcome, waitsForFile } from '#core/dossier/settle';
import { type PartyHealthUpdate, savePartyHealth } from '../ledger/party-health.ts';
import type { HubContext } from '../process/hub-context.ts';

/** Stores a partner's last success and last error, for operators. */
export interface Health {
  note(outcome: Outcome): void;
  /** Stores the latest changes. */
  flush(): Promise<void>;
}

const EVERY_MS = 1_000;

/** The reason of an item that was not sent because an earlier one failed. The earlier error is stored already. */
const BEHIND_ANOTHER = 'waits';

/** Stores at most once a second, because there may be thousands of attempts. */
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
      else if (outcome.reason === BEHIND_ANOTHER || waitsForFile(outcome)) return;
      else
        news = {
          ...news,
          error: { atMs: nowMs(), reason: outcome.reason, message: outcome.message, words: outcome.words },
        };
      timer ??= setTimeout(() => void flush(), EVERY_MS).unref();
    },
    flush,
  };
}
