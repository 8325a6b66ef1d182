import { instantToMs } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';
import { openIncidents, withTellersTurn } from '../ledger/incidents.ts';
import type { Party } from '../parties/party.ts';
import type { Alerts } from './alerts.ts';

export interface CertificateWatchMeans {
  readonly database: Database;
  readonly alerts: Pick<Alerts, 'open' | 'close'>;
  readonly nowMs: () => number;
}

const DAY_MS = 86_400_000;
/** Days before its end at which a certificate is told of. */
const TOLD_BEFORE = [7, 15, 30];

/**
 * Who has to see to a certificate hears of it 30, 15 and 7 days before its end, and when it has ended: each time one
 * incident of the party, which names all of its certificates that are so far. When they were replaced it is over.
 */
export async function watchCertificates(
  { database, alerts, nowMs }: CertificateWatchMeans,
  parties: ReadonlyMap<string, Pick<Party, 'id' | 'certificates'>>,
): Promise<void> {
  // One process at a time: two would each close what the other has opened.
  await withTellersTurn(database, async () => {
    const incidents = await openIncidents(database);
    for (const { id, certificates } of parties.values()) {
      const known = incidents.find(({ party, kind }) => party === id && kind === 'certificate-expiry')?.cause;
      const cause = expiryOf(certificates(), nowMs());
      if (cause === known) continue;
      await alerts.close(id, ['certificate-expiry']);
      if (cause !== undefined) await alerts.open(id, 'certificate-expiry', cause);
    }
  });
}

/** What is to be said of those that end or have ended; the same from one time of telling to the next. */
function expiryOf(certificates: ReturnType<Party['certificates']>, nowMs: number): string | undefined {
  const told = [...certificates]
    .sort((a, b) => (a.validTo < b.validTo ? -1 : 1))
    .flatMap(({ subject, validTo }) => {
      const leftMs = instantToMs(validTo) - nowMs;
      const days = TOLD_BEFORE.find((one) => leftMs <= one * DAY_MS);
      if (days === undefined) return [];
      const what = `the certificate of ${subject.replaceAll('\n', ', ')}`;
      const when = leftMs <= 0 ? 'ended on' : 'ends on';
      return `${what} ${when} ${validTo.slice(0, 10)}${leftMs <= 0 ? '' : `, within ${days} days`}`;
    });
  return told.length > 0 ? told.join('; ') : undefined;
}
