import type { Outcome } from '#core/dossier/settle';
import type { Database } from '../database/pool.ts';
import { type PartyNews, savePartyHealth } from '../ledger/party-health.ts';
import type { Telemetry } from '../observe/telemetry.ts';

/** Keeps for the operators when a partner last took something, and what last went wrong with it. */
export interface Health {
  note(outcome: Outcome): void;
  /** Tell what has not been told. */
  flush(): Promise<void>;
}

const EVERY_MS = 1_000;

/** Why an item was not sent at all: another one did not get through. That one's error tells what is wrong, and came before. */
const BEHIND_ANOTHER = 'waits';

/** Told at most once a second: attempts come by the thousand. */
export function createHealth(
  { database, nowMs, telemetry }: { database: Database; nowMs: () => number; telemetry: Telemetry },
  party: string,
): Health {
  let news: PartyNews = {};
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const told = news;
    news = {};
    if (told.successMs === undefined && !told.error) return;
    await savePartyHealth(database, party, told).catch((error) => telemetry.failed('health', error));
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
