import { DAY_MS, instantToMs } from '#core/dates/dates';
import { say, type Words } from '#messages/message';
import { render } from '#messages/render';
import { inOneProcess, openIncidents } from '../ledger/incidents.ts';
import type { Party } from '../parties/party.ts';
import type { WatchContext } from './watch-context.ts';

/** Days before its expiry at which a certificate opens an incident. */
const DAYS_BEFORE = [7, 15, 30];

/**
 * Opens an incident of a party 30, 15 and 7 days before a certificate expires, and when it has
 * expired.
 *
 * One incident names all such certificates of the party. It closes when they are replaced.
 */
export async function watchCertificates(
  { database, alerts, nowMs }: Pick<WatchContext, 'database' | 'alerts' | 'nowMs'>,
  parties: ReadonlyMap<string, Pick<Party, 'id' | 'certificates'>>,
): Promise<void> {
  // One process at a time: two processes would each close the other's incident.
  await inOneProcess(database, 'certificates', async () => {
    const incidents = await openIncidents(database);
    for (const { id, certificates } of parties.values()) {
      const known = incidents.find(({ party, kind }) => party === id && kind === 'certificate-expiry')?.cause;
      const cause = expiryOf(certificates(), nowMs());
      if (cause && render(cause, 'en') === known) continue;
      if (!cause && !known) continue;
      await alerts.close(id, ['certificate-expiry']);
      if (cause !== undefined) await alerts.open(id, 'certificate-expiry', cause);
    }
  });
}

/** The cause of the incident. It changes only when a certificate reaches the next of these days. */
function expiryOf(certificates: ReturnType<Party['certificates']>, nowMs: number): Words | undefined {
  const expiring = [...certificates]
    .sort((a, b) => (a.validTo < b.validTo ? -1 : 1))
    .flatMap(({ subject, validTo }) => {
      const leftMs = instantToMs(validTo) - nowMs;
      const days = DAYS_BEFORE.find((one) => leftMs <= one * DAY_MS);
      if (days === undefined) return [];
      const args = { subject: subject.replaceAll('\n', ', '), day: validTo.slice(0, 10) };
      return leftMs <= 0 ? say('certificate-ended', args) : say('certificate-ends', { ...args, count: days });
    });
  return expiring.length > 0 ? say('problems', { problems: expiring }) : undefined;
}
