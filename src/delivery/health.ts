import { BEHIND_ANOTHER, NOTHING_NEW, waitsForHub } from '#core/dossier/settle';
import { type PartyHealthUpdate, savePartyHealth } from '../ledger/party-health.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Made } from './breaker.ts';

/** Stores a partner's last success and last error, for operators. */
export interface Health {
  note(made: Made): void;
  /** Stores the latest changes. */
  flush(): Promise<void>;
}

const EVERY_MS = 1_000;

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
    note({ outcome, isAnswered }) {
      if (outcome.reason === NOTHING_NEW && !isAnswered) return;
      if (outcome.kind === 'delivered') news = { ...news, successMs: nowMs() };
      // The error of the earlier item is stored already.
      else if (outcome.reason === BEHIND_ANOTHER || waitsForHub(outcome)) return;
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
